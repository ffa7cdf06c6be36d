"""Reverts a drift: restores one field of a droplet and verifies it.

A saga: a resize needs the machine powered off, so powering it on is registered as the compensation
before it is powered off. The compensation runs after success, failure and cancellation.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from contracts.drift import RevertInput
    from contracts.flows import OUTCOME, TaskQueue
    from contracts.sync import ResourceInput
    from workflows.collections.payloads import Noticed, TenantNotice
    from workflows.drift.activities.reverting import RevertActivities
    from workflows.drift.payloads import (
        FailedRevert,
        RevertPlan,
        RevertResult,
        SetField,
        SetPower,
    )
    from workflows.durable.reasons import NOT_FOUND, failed_as, final_failure, reason_of
    from workflows.durable.timeouts import PROMPT, short, with_heartbeat
    from workflows.sync.activities.reading import ReadActivities

from workflows.collections.tenant_notices import notify_tenant
from workflows.durable.saga import retried_in_rounds, unless_cancelled, whole
from workflows.provisioning.droplet_locks import Turn, give_back, lock_droplet

__all__ = ["RevertDrift"]

STEP: Final = with_heartbeat(timedelta(minutes=30), PROMPT)
"""Timeout of a step. The provider takes minutes for a resize."""

CALL: Final = short(timedelta(minutes=5), PROMPT)
"""Timeout of a call to the inventory."""

END_TIMEOUT: Final = timedelta(days=2)
"""How long to retry powering a machine on and recording the outcome, because nothing else does.

Failed actions and rejections are retried too.
"""

RETRY_PAUSE: Final = timedelta(minutes=10)
"""Pause between two attempts to power a machine on."""

PATCH_RETRY_POWER_ON: Final = "insist-on-turning-on"
"""Patch: older runs tried once."""

LOCK_TIMEOUT: Final = timedelta(days=3)
"""Timeout of the droplet's lock: its holder may try for days to power the machine on."""

NOTICE_TIMEOUT: Final = timedelta(days=1)
"""Timeout of the notice that a machine is off."""

PATCH_NOTICE_LEFT_OFF: Final = "tell-of-a-machine-that-is-off"
"""Patch: older runs only reported it in their details."""

LEFT_OFF: Final = "left-off"
"""The outcome if the machine could not be powered on again."""

REVERTED: Final = "reverted"


@workflow.defn
class RevertDrift:
    """Started as `revert-drift/<drift id>`."""

    def __init__(self) -> None:
        self._step = "reading the drift"
        self._turned_off: RevertPlan | None = None
        self._turn: Turn | None = None
        self._telling: asyncio.Task[Noticed] | None = None

    @workflow.query
    def progress(self) -> str:
        """The current step, in words."""
        return self._step

    @workflow.run
    async def run(self, request: RevertInput) -> RevertResult:
        """The final status of the drift. Fails if it is still open."""
        try:
            plan = await self._take_turn(request, await self._begin(request))
            await self._set(plan)
            result = await self._read_back(plan, request.requested_by)
        except (asyncio.CancelledError, FailureError) as error:
            await whole(self._end_undone(request, error))
            raise
        with suppress(asyncio.CancelledError):  # too late: everything is done
            await whole(give_back(self._turn))
        workflow.upsert_search_attributes([OUTCOME.value_set(REVERTED)])
        self._show(f"{plan.field} of {plan.kind} {plan.provider_id} matches its spec again")
        return result

    async def _begin(self, request: RevertInput) -> RevertPlan:
        return await CALL.run(
            RevertActivities.begin_revert, request, "record this run as the drift's revert"
        )

    async def _take_turn(self, request: RevertInput, plan: RevertPlan) -> RevertPlan:
        """Waits for the droplet's lock; returns the plan as of then."""

        def waiting() -> None:
            self._show(f"waiting: another run acts on {plan.kind} {plan.provider_id}")

        self._turn = await lock_droplet(plan.provider_id, time_limit=LOCK_TIMEOUT, waiting=waiting)
        if self._turn is None or plan.field != "size":
            return plan
        # Another run may have changed the power state in the meantime.
        return await self._begin(request)

    async def _set(self, plan: RevertPlan) -> None:
        if plan.field == "size" and plan.is_on:
            self._turned_off = plan  # registered before it is off, so that it is powered on in
            # any case
            await self._power(plan, is_on=False)
            unless_cancelled()
        self._show(f"setting {plan.field} of {plan.kind} {plan.provider_id} to {plan.wanted_json}")
        await STEP.run(
            RevertActivities.set_field,
            SetField(plan.provider, plan.provider_id, plan.field, plan.wanted_json),
            f"set {plan.field}",
            awaits_end=True,
        )
        unless_cancelled()
        if self._turned_off is not None:
            await self._power(plan, is_on=True)
            self._turned_off = None

    async def _read_back(self, plan: RevertPlan, requested_by: str) -> RevertResult:
        await self._read(plan)
        result = await CALL.run(
            RevertActivities.complete_revert,
            RevertInput(plan.drift_id, requested_by),
            "close the drift if the live value matches the spec",
        )
        if result.status != REVERTED:
            raise final_failure("NotReverted", result.reason)
        return result

    async def _end_undone(self, request: RevertInput, error: BaseException) -> None:
        """Compensates: powers the machine on, and records why the drift stays open."""
        cancelled = is_cancelled_exception(error)
        reason = "the revert was cancelled" if cancelled else reason_of(error)
        if self._turned_off is not None:
            reason = await self._power_on(self._turned_off, reason)
        self._show(f"not reverted: {reason}")
        # Rejected if the inventory does not know this run.
        with suppress(ActivityError):
            await short(END_TIMEOUT, PROMPT).run(
                RevertActivities.fail_revert,
                FailedRevert(request.drift_id, reason),
                "record why the drift stays open",
            )
        outcome = "cancelled" if cancelled else "failed"
        if self._turned_off is not None and self._turn is not None:
            outcome = LEFT_OFF
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])
        await give_back(self._turn)

    async def _power_on(self, plan: RevertPlan, reason: str) -> str:
        """Powers the machine on; returns the reason, extended if it is still off."""

        async def turn_on() -> None:
            try:
                await self._power(plan, is_on=True)
            except ActivityError as error:
                if not failed_as(error, NOT_FOUND):
                    raise

        def tell(failure: FailureError) -> None:
            name = f"{plan.kind} {plan.provider_id}"
            self._show(f"{name} is still off; retrying to power it on: {reason_of(failure)}")
            if self._telling is None and workflow.patched(PATCH_NOTICE_LEFT_OFF):
                notice = _notice_of_left_off(plan, reason_of(failure))
                self._telling = asyncio.create_task(
                    notify_tenant(notice, time_limit=NOTICE_TIMEOUT)
                )

        time_limit = END_TIMEOUT if workflow.patched(PATCH_RETRY_POWER_ON) else timedelta(0)
        stuck = await retried_in_rounds(
            [turn_on], time_limit=time_limit, pause=RETRY_PAUSE, tell=tell
        )
        if stuck is not None:
            return f"{reason}; the machine is off and could not be powered on: {reason_of(stuck)}"
        self._turned_off = None
        # If this fails, the next sync sees it.
        with suppress(ActivityError):
            await self._read(plan)
        return reason

    async def _power(self, plan: RevertPlan, *, is_on: bool) -> None:
        word = "on" if is_on else "off"
        self._show(f"powering {plan.kind} {plan.provider_id} {word}")
        await STEP.run(
            RevertActivities.set_power,
            SetPower(plan.provider_id, is_on),
            f"power it {word}",
            awaits_end=True,
        )

    async def _read(self, plan: RevertPlan) -> None:
        self._show(f"verifying {plan.kind} {plan.provider_id}")
        await with_heartbeat(timedelta(minutes=5), PROMPT).run(
            ReadActivities.read_resource,
            ResourceInput(plan.provider, plan.kind, plan.provider_id),
            "record its current state",
            task_queue=TaskQueue.CLOUD_SYNC_FAST,
        )

    def _show(self, step: str) -> None:
        self._step = step
        workflow.set_current_details(step)


def _notice_of_left_off(plan: RevertPlan, reason: str) -> TenantNotice:
    """The notice to the operator about a machine that cannot be powered on again."""
    name = f"{plan.kind} {plan.provider_id}"
    return TenantNotice(
        key=f"left-off/{plan.drift_id}/{workflow.info().run_id}",
        action="left_off",
        tenant_id="",
        at=f"{workflow.now():%Y-%m-%dT%H:%M:%SZ}",
        what=f"{name} is off: it was powered off to restore its {plan.field},"
        " and could not be powered on",
        why=reason,
        what_to_do=f"powering on is retried every {RETRY_PAUSE.seconds // 60} minutes for"
        f" {END_TIMEOUT.days} days; check {name} at the provider",
    )
