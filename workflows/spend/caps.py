"""Spending caps: the hourly evaluation, and the workflow of a breach.

The status of a breach is stored in analytics and read after each step and each timer. So a
restarted run resumes from there, and a decision whose signal was lost is found. Only the run knows
which machines it powered off, so it runs until these are on again.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.collections.tenant_notices import delivered
from workflows.durable.saga import each, on_failure
from workflows.provisioning.droplet_locks import power_off, set_power

with workflow.unsafe.imports_passed_through():
    from contracts.collections import PowerOff
    from contracts.flows import OUTCOME
    from contracts.spend import BreachInput, EvaluationInput
    from workflows.collections.activities.billing_actions import BillingActionActivities
    from workflows.collections.payloads import BillingAction, Noticed
    from workflows.durable.timeouts import short, with_heartbeat
    from workflows.spend.activities.spending import SpendActivities
    from workflows.spend.payloads import (
        BreachOutcome,
        BreachStanding,
        EvaluationResult,
        PausedCheck,
        PausedStates,
    )

__all__ = ["SpendBreach", "SpendEvaluation"]

EVALUATION: Final = with_heartbeat(timedelta(minutes=50))
"""Timeout; the next hour's evaluation covers the rest."""


@workflow.defn
class SpendEvaluation:
    """Started by its schedule, after metering."""

    @workflow.run
    async def run(self, request: EvaluationInput) -> EvaluationResult:
        """The number of open breaches."""
        count = await EVALUATION.run(
            SpendActivities.evaluate_policies, request, "compare each cap with the accrual"
        )
        result = EvaluationResult(count)
        workflow.set_current_details(result.in_words())
        return result


PAUSE: Final = with_heartbeat(timedelta(hours=12))
NOTICE_TIMEOUT: Final = timedelta(minutes=10)
"""Timeout of a notice of something that happens anyway."""

OPEN: Final = "open"
NOTIFIED: Final = "notified"
AWAITING: Final = "awaiting_approval"
REFUSED: Final = "refused"
PAUSED: Final = "paused"

PATCH_NOTICE_FIRST: Final = "tell-before-pausing"
"""Patch: older runs pause before the notice."""

PATCH_POWER_OFF: Final = "power-off-what-a-cap-pauses"
"""Patch: older runs do not power off machines."""


@workflow.defn
class SpendBreach:
    """Runs as `spend/<breach id>`."""

    def __init__(self) -> None:
        self._is_told = False
        self._power: tuple[PowerOff, ...] = ()
        self._words = ""
        self._note = ""

    @workflow.signal
    def decided(self) -> None:
        """Signal of an operator's decision: ends the timer."""
        self._is_told = True

    @workflow.query
    def progress(self) -> str:
        """The progress, in words."""
        return self._words

    @workflow.run
    async def run(self, request: BreachInput) -> str:
        """The final status of the breach.

        A cancelled run powers on what it powered off, because no other run knows it.
        """
        self._power = request.power_off
        try:
            return await self._deal(request)
        except (asyncio.CancelledError, FailureError) as error:
            if self._power and is_cancelled_exception(error):
                await self._power_on({one.deployment_id for one in self._power})
            raise

    async def _deal(self, request: BreachInput) -> str:
        breach = await self._record(request, OPEN)
        while True:
            self._show(f"{breach.in_words()}: {breach.status.replace('_', ' ')}")
            if breach.status == OPEN:
                breach = await self._act(request, breach)
            elif breach.status == REFUSED:
                breach = await self._pause(request, breach)
            elif breach.status == AWAITING:
                breach = await self._look(request)
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(request)
            else:
                workflow.upsert_search_attributes([OUTCOME.value_set(breach.status)])
                if self._power:
                    await self._keep_off(request, breach)
                return breach.status

    async def _act(self, request: BreachInput, breach: BreachStanding) -> BreachStanding:
        """Applies the policy's action."""
        if breach.action == "pause":
            if workflow.patched(PATCH_NOTICE_FIRST):
                return await self._pause_after_notice(request, breach)
            return await self._pause(request, breach)
        if breach.action == "ask_approval":
            asked = await self._record(request, AWAITING)
            await self._notice(breach, NOTICE_TIMEOUT)
            return asked
        await self._notice(breach, timedelta(hours=request.notice_hours))
        return await self._record(request, NOTIFIED)

    async def _pause_after_notice(
        self, request: BreachInput, breach: BreachStanding
    ) -> BreachStanding:
        """Posts the notice of the pause, waits for the notice period, and pauses if still required.

        An undelivered notice is retried for the notice period; without a notice URL it pauses
        immediately.
        """
        notice = timedelta(seconds=request.pause_notice_seconds)
        at = workflow.now() + notice
        told = replace(breach, pauses_at=at.isoformat())
        noticed = await self._notice(told, max(notice, NOTICE_TIMEOUT))
        self._show(f"{breach.in_words()}: paused at {at:%Y-%m-%d %H:%M} UTC")
        left = at - workflow.now()
        if noticed.is_delivered and left > timedelta(0):
            await workflow.sleep(left)
            # Its policy may have been deleted in the meantime.
            breach = await self._record(request, OPEN)
        if breach.status != OPEN:
            return breach
        return await self._pause(request, breach, is_told=True)

    async def _pause(
        self, request: BreachInput, breach: BreachStanding, *, is_told: bool = False
    ) -> BreachStanding:
        only = (breach.deployment_id,) if breach.deployment_id else ()
        outcome = await PAUSE.run(
            BillingActionActivities.apply_billing_action,
            BillingAction(
                tenant_id=breach.tenant_id,
                to_state=PAUSED,
                from_states=("active",),
                reason=breach.reason or breach.in_words(),
                actor=breach.decided_by or "spend policy",
                key=f"spend/{breach.breach_id}",
                only=only,
            ),
            "pause the capped deployments",
        )
        if workflow.patched(PATCH_POWER_OFF):
            # Also for an existing pause, because running machines still cost money.
            off = (await self._states(outcome.in_state)).off if outcome.in_state else ()
            self._power = tuple(map(PowerOff, off))
        paused = await self._record(request, PAUSED)
        if not is_told:
            await self._notice(breach, NOTICE_TIMEOUT)
        self._note = (
            f", {len(outcome.moved)} deployments, {len(outcome.left_alone)} unchanged{self._note}"
        )
        return paused

    async def _keep_off(self, request: BreachInput, breach: BreachStanding) -> None:
        """Powers the machines of paused deployments off, and on again when a pause is lifted.

        A stuck machine does not delay the others, and is retried after the next timer.
        """
        while self._power:
            words = f"{breach.in_words()}: {len(self._power)} deployments powered off"
            with on_failure(self._failure_of(words)):
                states = await self._states([one.deployment_id for one in self._power])
                self._forget(states.ended)
                await self._power_on(set(states.lifted))
                await each(
                    power_off(one, self._keep)
                    for one in self._power
                    if one.deployment_id in states.off
                )
                self._show(f"{words} until they are active again")
            if not self._power:
                return
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._is_told, timeout=timedelta(seconds=request.power_look_seconds)
                )
            self._is_told = False
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(replace(request, power_off=self._power))

    def _failure_of(self, words: str) -> Callable[[str], None]:
        return lambda why: self._show(f"{words}; retrying in the next round: {why}")

    async def _power_on(self, deployment_ids: Collection[str]) -> None:
        for one in self._power:
            if one.deployment_id in deployment_ids:
                await each(set_power(droplet, is_on=True) for droplet in one.droplet_ids)
                self._forget((one.deployment_id,))

    def _keep(self, one: PowerOff) -> None:
        self._power = tuple(
            one if kept.deployment_id == one.deployment_id else kept for kept in self._power
        )

    def _forget(self, deployment_ids: Collection[str]) -> None:
        self._power = tuple(one for one in self._power if one.deployment_id not in deployment_ids)

    async def _states(self, deployment_ids: Sequence[str]) -> PausedStates:
        return await short().run(
            BillingActionActivities.paused_states,
            PausedCheck(tuple(deployment_ids)),
            "list the paused deployments",
        )

    async def _look(self, request: BreachInput) -> BreachStanding:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._is_told, timeout=timedelta(seconds=request.look_seconds)
            )
        self._is_told = False
        return await self._record(request, AWAITING)

    async def _notice(self, breach: BreachStanding, time_limit: timedelta) -> Noticed:
        """Posts a notice; an undelivered notice does not stop the run."""
        posting = short(time_limit).run(SpendActivities.post_notice, breach, "post the notice")
        noticed = await delivered(posting)
        if not noticed.is_delivered:
            # Shown in the run's details, because the notice was not delivered.
            self._note = f" (no notice was delivered: {noticed.reason})"
        return noticed

    async def _record(self, request: BreachInput, status: str) -> BreachStanding:
        return await short().run(
            SpendActivities.record_breach,
            BreachOutcome(request.breach_id, status),
            f"set status {status.replace('_', ' ')}",
        )

    def _show(self, words: str) -> None:
        self._words = words + self._note
        workflow.set_current_details(self._words)
