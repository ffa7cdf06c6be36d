"""Dunning of a tenant: past due, then suspended; payment reverts both.

There is one workflow per tenant, not per invoice: a tenant with two unpaid invoices is suspended
once, and reactivated when both are paid. Only tenants that do not pay have one, so a hundred
thousand tenants mean a few thousand sleeping workflows.

The invoices are read again after every timer. The signal of a payment only ends the timer early, so
a lost or repeated signal is harmless. A failed step is reported and retried after the next timer:
the run knows what it powered off and must not end before that is powered on.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.collections import DunningInput, DunningState, PowerOff
    from contracts.flows import OUTCOME
    from workflows.collections.activities.billing_actions import BillingActionActivities
    from workflows.collections.activities.dunning import DunningActivities
    from workflows.collections.payloads import (
        ActionOutcome,
        BillingAction,
        Overdue,
        OverdueInput,
        TenantNotice,
    )
    from workflows.durable.timeouts import short, with_heartbeat

from workflows.collections.tenant_notices import notify_tenant
from workflows.durable.saga import each, on_failure, whole
from workflows.provisioning.droplet_locks import OFF_TIMEOUT, ON_TIMEOUT, power_off, set_power

__all__ = ["Dunning"]

NOTICE_TIMEOUT: Final = timedelta(minutes=10)
"""Timeout of a notice of something that happens anyway; the next round posts it again."""

ACTIVE: Final = "active"
PAST_DUE: Final = "past_due"
PAUSED: Final = "paused"
SUSPENDED: Final = "suspended"

PATCH_SUSPEND_PAUSED: Final = "suspend-the-paused"
"""Patch: older runs do not suspend paused deployments."""

PATCH_ASK_BEFORE_POWER_OFF: Final = "ask-before-powering-off"
"""Patch: older runs powered off, in a later round, deployments that an operator had reactivated."""

PATCH_NOTICE_FIRST: Final = "tell-before-suspending"
"""Patch: older runs suspend without a notice."""


@workflow.defn
class Dunning:
    """Runs as `dunning/<tenant>` until nothing is overdue."""

    def __init__(self) -> None:
        self._state = DunningState()
        self._is_asked = False

    @workflow.signal
    def look(self) -> None:
        """An invoice was paid, voided or credited: ends the timer."""
        self._is_asked = True

    @workflow.query
    def progress(self) -> DunningState:
        """The state so far."""
        return self._state

    @workflow.run
    async def run(self, request: DunningInput) -> DunningState:
        """What was done and undone. A cancelled run compensates too."""
        self._state = request.state if request.state.began_at else self._beginning()
        try:
            await self._chase(request)
        except (asyncio.CancelledError, FailureError) as error:
            if is_cancelled_exception(error):
                await self._reactivate(request, "the dunning was cancelled")
                workflow.upsert_search_attributes([OUTCOME.value_set("cancelled")])
            raise
        workflow.upsert_search_attributes([OUTCOME.value_set("settled")])
        return self._state

    async def _chase(self, request: DunningInput) -> None:
        while True:
            self._is_asked = False
            with on_failure(lambda why: self._show(f"retrying in the next round: {why}")):
                if await self._is_settled(request):
                    return
            await self._until_signal(request)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(replace(request, state=self._state))

    async def _is_settled(self, request: DunningInput) -> bool:
        """One round: does what is due, or undoes everything; returns whether nothing is owed."""
        self._state = replace(self._state, look_count=self._state.look_count + 1)
        overdue = await self._overdue(request)
        if not overdue.invoice_count:
            await self._reactivate(request, "all invoices are paid")
            # An invoice that became due in the meantime found this run active, so no other was
            # started.
            return not (await self._overdue(request)).invoice_count
        await whole(self._make_past_due(request, overdue))
        if workflow.patched(PATCH_NOTICE_FIRST) and workflow.now() >= self._notifies_at(request):
            await self._notify_tenant(request, overdue)
        if workflow.now() >= self._suspends_at(request):
            await whole(self._suspend(request, overdue))
            await each(self._power_off(one) for one in self._state.power_off)
        return False

    async def _overdue(self, request: DunningInput) -> Overdue:
        return await short().run(
            DunningActivities.read_overdue,
            OverdueInput(request.tenant_id, workflow.now().date().isoformat()),
            "read the tenant's overdue invoices",
        )

    async def _make_past_due(self, request: DunningInput, overdue: Overdue) -> None:
        known = self._state.past_due
        # Deployments that were past due before this run were made so by an earlier run.
        outcome = await self._move(request, PAST_DUE, (ACTIVE,), overdue.in_words(), but=known)
        known = (*known, *outcome.in_state)
        self._state = replace(self._state, past_due=known)
        self._show(
            f"{overdue.in_words()}: {len(known)} deployments past due,"
            f" suspended at {self._suspends_at(request):%Y-%m-%d %H:%M} UTC"
        )

    async def _notify_tenant(self, request: DunningInput, overdue: Overdue) -> None:
        """Posts the notice of suspension once; retries in each round until it is accepted."""
        if self._state.is_told or self._state.suspended:
            return
        if not self._state.told_at:
            self._state = replace(self._state, told_at=workflow.now().isoformat())
        suspends_at = self._suspends_at(request)
        noticed = await notify_tenant(
            TenantNotice(
                key=f"suspension/{request.tenant_id}/{self._state.began_at}",
                action="suspension",
                tenant_id=request.tenant_id,
                at=suspends_at.isoformat(),
                what="deployments that are past due or paused will be suspended;"
                " where power_off_when_suspended is set, their droplets are powered off",
                why=overdue.in_words(),
                what_to_do=f"pay the overdue invoices before {suspends_at:%Y-%m-%d %H:%M} UTC",
                deployment_ids=self._state.past_due,
            ),
            time_limit=NOTICE_TIMEOUT,
        )
        self._state = replace(
            self._state, is_told=noticed.is_delivered, untold_reason=noticed.reason
        )
        self._show(
            f"{overdue.in_words()}: {len(self._state.past_due)} deployments past due,"
            f" suspended at {suspends_at:%Y-%m-%d %H:%M} UTC{self._notice_failure()}"
        )

    def _notice_failure(self) -> str:
        """The reason if the tenant was not notified, for the run's details."""
        state = self._state
        if not state.told_at or state.is_told:
            return ""
        return f" (no notice was delivered: {state.untold_reason})"

    async def _suspend(self, request: DunningInput, overdue: Overdue) -> None:
        waiting = tuple(one for one in self._state.past_due if one not in self._state.suspended)
        if waiting:
            outcome = await self._move(
                request, SUSPENDED, (PAST_DUE,), overdue.in_words(), only=waiting
            )
            self._suspended(outcome)
        if workflow.patched(PATCH_SUSPEND_PAUSED):
            known = self._state.suspended
            outcome = await self._move(request, SUSPENDED, (PAUSED,), overdue.in_words(), but=known)
            self._state = replace(self._state, paused=(*self._state.paused, *outcome.moved))
            self._suspended(outcome)
        self._show(
            f"{overdue.in_words()}: {len(self._state.suspended)} deployments suspended"
            + self._notice_failure()
        )

    def _suspended(self, outcome: ActionOutcome) -> None:
        self._state = replace(
            self._state,
            suspended=(*self._state.suspended, *outcome.moved),
            power_off=(*self._state.power_off, *map(PowerOff, outcome.power_off)),
        )

    async def _power_off(self, one: PowerOff) -> None:
        if one.step != "off" and await self._still_powers_off(one):
            await power_off(one, self._keep)

    async def _still_powers_off(self, one: PowerOff) -> bool:
        """Whether the suspension was neither lifted nor disabled since."""
        if not workflow.patched(PATCH_ASK_BEFORE_POWER_OFF):
            return True
        return await short().run(
            BillingActionActivities.powers_off,
            one.deployment_id,
            "check whether it must still be powered off",
        )

    def _keep(self, one: PowerOff) -> None:
        others = [each for each in self._state.power_off if each.deployment_id != one.deployment_id]
        self._state = replace(self._state, power_off=(*others, one))

    async def _reactivate(self, request: DunningInput, reason: str) -> None:
        """Reactivates what this run suspended, and powers on what it powered off."""
        paused = self._state.paused
        moved = {*self._state.past_due, *self._state.suspended}
        lifted: set[str] = set()
        for to_state, from_states, only in (
            (ACTIVE, (PAST_DUE, SUSPENDED), tuple(sorted(moved.difference(paused)))),
            (PAUSED, (SUSPENDED,), paused),
        ):
            if only:
                outcome = await self._move(
                    request, to_state, from_states, reason, only=only, time_limit=ON_TIMEOUT
                )
                lifted.update(outcome.in_state)
        await each(
            set_power(droplet_id, is_on=True)
            for one in self._state.power_off
            if one.deployment_id in lifted
            for droplet_id in one.droplet_ids
        )
        left = len(moved - lifted)
        self._show(f"{reason}: {len(moved) - left} deployments reactivated, {left} unchanged")
        self._state = self._beginning(self._state.look_count)

    async def _move(
        self,
        request: DunningInput,
        to_state: str,
        from_states: tuple[str, ...],
        reason: str,
        *,
        time_limit: timedelta = OFF_TIMEOUT,
        **which: tuple[str, ...],
    ) -> ActionOutcome:
        """Moves the deployments of the tenant; `which` are `only` these, or all `but` these."""
        return await with_heartbeat(time_limit).run(
            BillingActionActivities.apply_billing_action,
            BillingAction(
                tenant_id=request.tenant_id,
                to_state=to_state,
                from_states=from_states,
                reason=reason,
                actor="dunning",
                # A later round asks again: the prohibition may have been lifted.
                key=f"dunning/{workflow.info().first_execution_run_id}/{self._state.look_count}",
                **which,
            ),
            f"move deployments to {to_state}: {reason}"[:200],
        )

    async def _until_signal(self, request: DunningInput) -> None:
        """Waits for a signal or for the next round."""
        pause = timedelta(seconds=request.terms.look_seconds)
        if not self._state.suspended:
            is_next_told = workflow.patched(PATCH_NOTICE_FIRST) and not self._state.told_at
            next_at = self._notifies_at(request) if is_next_told else self._suspends_at(request)
            until = next_at - workflow.now()
            pause = min(pause, until) if until > timedelta(0) else pause
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._is_asked, timeout=pause)

    def _suspends_at(self, request: DunningInput) -> datetime:
        """The grace period is counted from the notice, so a late notice does not shorten it.

        A late notice, because nothing ran when it was due, postpones the suspension; an undelivered
        one postpones it only by the time between notice and suspension.
        """
        ends = self._grace_ends(request)
        if not self._state.told_at:
            return ends
        return max(ends, datetime.fromisoformat(self._state.told_at) + _notice(request))

    def _grace_ends(self, request: DunningInput) -> datetime:
        began = datetime.fromisoformat(self._state.began_at)
        return began + timedelta(seconds=request.terms.grace_seconds)

    def _notifies_at(self, request: DunningInput) -> datetime:
        """When the notice of suspension is due."""
        return self._grace_ends(request) - _notice(request)

    def _beginning(self, look_count: int = 0) -> DunningState:
        return DunningState(workflow.now().isoformat(), look_count)

    def _show(self, words: str) -> None:
        workflow.set_current_details(words)


def _notice(request: DunningInput) -> timedelta:
    """How long before a suspension the tenant is notified; at most the grace period."""
    terms = request.terms
    return timedelta(seconds=min(terms.notice_seconds, terms.grace_seconds))
