"""Creates a droplet for a deployment, or undoes everything.

A saga: each compensation is registered before its step, because a failed step may have taken
effect. Failures and cancellations compensate. A bug in this code does not: the run then waits for
the next release.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME, TaskQueue
    from contracts.providers import DIGITALOCEAN
    from contracts.provisioning import ProvisionInput
    from contracts.sync import ResourceInput
    from workflows.durable.reasons import failed_as, reason_of
    from workflows.durable.timeouts import PROMPT, short, with_heartbeat
    from workflows.provisioning.activities.provisioning import ProvisionActivities
    from workflows.provisioning.payloads import CompensationInput, Progress, Provisioned
    from workflows.sync.activities.reading import ReadActivities

from workflows.durable.saga import retried_in_rounds, unless_cancelled, whole

__all__ = ["Provision"]

STEP_TIMEOUT: Final = timedelta(minutes=20)
"""Timeout of a step."""

UNKNOWN_TIMEOUT: Final = timedelta(minutes=1)
"""How long to wait at the start for the catalog to know the provision."""

END_TIMEOUT: Final = timedelta(days=7)
"""Timeout of compensations and of reporting the end, because nothing retries them later. Leftover
resources cost money, so rejections are retried too, such as those of a token that an operator
replaces.
"""

ROUND_PAUSE: Final = timedelta(hours=1)
"""Pause between two rounds of compensations."""

UNKNOWN: Final = "ProvisionUnknown"
"""The request was not committed, so there is nothing to create or report."""

LEFT: Final = "left-behind"
"""The outcome if resources may be left in the account."""

DROPLET: Final = "droplet"


@workflow.defn
class Provision:
    """Started as `provision/<provision id>`."""

    def __init__(self) -> None:
        self._step = ""
        self._resource_id = ""
        self._undo: list[Callable[[], Awaitable[Any]]] = []

    @workflow.query
    def progress(self) -> str:
        """The current step."""
        return self._step

    @workflow.run
    async def run(self, order: ProvisionInput) -> str:
        """The inventory's id of the droplet. Fails if everything was undone."""
        try:
            await self._at(order, "create", time_limit=UNKNOWN_TIMEOUT)
            await self._make(order)
        except (asyncio.CancelledError, FailureError) as error:
            await whole(self._end_undone(order, error))
            raise
        with suppress(asyncio.CancelledError):  # too late: everything is done
            await whole(self._record(order, "completed", self._step, time_limit=END_TIMEOUT))
        workflow.upsert_search_attributes([OUTCOME.value_set("completed")])
        workflow.set_current_details(f"{order.name} runs and belongs to {order.slug}")
        return self._resource_id

    async def _end_undone(self, order: ProvisionInput, error: BaseException) -> None:
        """Compensates everything and reports the outcome."""
        cancelled = is_cancelled_exception(error)
        status = "cancelled" if cancelled else "failed"
        reason = "the provision was cancelled" if cancelled else reason_of(error)
        left = await self._take_back(order, reason)
        if left is not None:
            reason = f"{reason}; not undone: {reason_of(left)}"
        if not failed_as(error, UNKNOWN):
            await self._record(order, status, self._step, reason, time_limit=END_TIMEOUT)
        workflow.upsert_search_attributes([OUTCOME.value_set(status if left is None else LEFT)])
        workflow.set_current_details(f"undone at step {self._step}: {reason}")

    async def _make(self, order: ProvisionInput) -> None:
        self._arrange(ProvisionActivities.delete_droplet, order, "delete the droplet")
        provider_id = await self._do(
            ProvisionActivities.create_droplet, order, f"create {order.name} in {order.region}"
        )
        made = Provisioned(order, provider_id)
        await self._at(order, "wait_active")
        await self._do(ProvisionActivities.await_droplet, made, "wait until it runs")
        await self._at(order, "tag")
        await self._do(ProvisionActivities.tag_droplet, made, "tag the droplet")
        await self._read(provider_id)
        await self._at(order, "project")
        await self._do(ProvisionActivities.place_droplet, made, "move it to its project")
        self._resource_id = await self._do(
            ProvisionActivities.find_resource, made, "find it in the inventory"
        )
        made = Provisioned(order, provider_id, self._resource_id)
        await self._at(order, "record_spec")
        self._arrange(ProvisionActivities.remove_spec, order, "delete its spec")
        await self._do(ProvisionActivities.record_spec, made, "record its spec")
        await self._at(order, "assign")
        self._arrange(ProvisionActivities.unassign_droplet, order, "remove its assignment")
        await self._do(ProvisionActivities.assign_droplet, made, f"assign it to {order.slug}")

    async def _do(self, step: Any, argument: Any, summary: str) -> Any:
        done = await (with_heartbeat if step in HEARTBEATING else short)(STEP_TIMEOUT, PROMPT).run(
            step, argument, summary, awaits_end=True
        )
        unless_cancelled()
        return done

    async def _read(self, provider_id: str) -> None:
        await with_heartbeat(STEP_TIMEOUT, PROMPT).run(
            ReadActivities.read_resource,
            ResourceInput(DIGITALOCEAN, DROPLET, provider_id),
            "record its current state",
            task_queue=TaskQueue.CLOUD_SYNC_FAST,
        )

    def _arrange(self, undo: Any, order: ProvisionInput, summary: str) -> None:
        """Registers a compensation to run first if a later step fails."""

        async def undone() -> None:
            await (with_heartbeat if undo in HEARTBEATING else short)(STEP_TIMEOUT, PROMPT).run(
                undo, CompensationInput(order, self._resource_id), summary
            )

        self._undo.append(undone)

    async def _take_back(self, order: ProvisionInput, reason: str) -> FailureError | None:
        """Compensates in reverse order; returns the remaining failure, None without one."""

        def tell(failure: FailureError | None = None) -> None:
            stuck = "" if failure is None else f"; retrying soon: {reason_of(failure)}"
            workflow.set_current_details(f"undoing the provision for {order.slug}: {reason}{stuck}")

        tell()
        return await retried_in_rounds(
            self._undo[::-1], time_limit=END_TIMEOUT, pause=ROUND_PAUSE, tell=tell
        )

    async def _at(
        self, order: ProvisionInput, step: str, *, time_limit: timedelta = STEP_TIMEOUT
    ) -> None:
        self._step = step
        workflow.set_current_details(f"{order.name} for {order.slug}: {step.replace('_', ' ')}")
        await self._record(order, "running", step, time_limit=time_limit)

    async def _record(
        self,
        order: ProvisionInput,
        status: str,
        step: str,
        reason: str = "",
        *,
        time_limit: timedelta = STEP_TIMEOUT,
    ) -> None:
        await short(time_limit, PROMPT).run(
            ProvisionActivities.record_provision,
            Progress(order.provision_id, status, step, reason, self._resource_id),
            f"report to the catalog: {step}",
        )


HEARTBEATING: Final = (
    ProvisionActivities.create_droplet,
    ProvisionActivities.await_droplet,
    ProvisionActivities.tag_droplet,
    ProvisionActivities.place_droplet,
    ProvisionActivities.delete_droplet,
)
"""Options of activities that call the provider, whose rate limit may delay them."""
