"""Claims kinds, so that two syncs never read the same kind at the same time."""

import asyncio
from typing import TYPE_CHECKING, Final

from arcadia.inventory.v1.sync_service_pb2 import (
    ClaimKindsRequest,
    ClaimKindsResponse,
    KindClaim,
)
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from services.common.rpc.messages import message_of
from workflows.durable.activities import service_activity
from workflows.sync.payloads import ClaimInput, ClaimResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ClaimActivities"]

PAUSE_SECONDS: Final = 0.5


class ClaimActivities:
    """Uses the inventory service and the worker's Temporal client."""

    def __init__(self, inventory: "SyncServiceAsyncStub") -> None:
        self._inventory = inventory

    @service_activity()
    async def claim_kinds_at_once(self, request: ClaimInput) -> ClaimResult:
        """Claims all kinds of this sync and opens their sweeps, or does neither.

        Short enough for a local activity, because it does not wait for other syncs.
        """
        answer = await self._claim(request, set())
        if answer.standing and (ended := await _ended(answer.standing)):
            answer = await self._claim(request, ended)
        return ClaimResult(not answer.standing, tuple(answer.sweep_ids))

    @service_activity(heartbeat=True, doing="waiting for other syncs of the same kinds")
    async def claim_kinds(self, request: ClaimInput) -> None:
        """Claims all kinds of this sync, after waiting for other runs with claims.

        A claim ends with its run, unless it was released before.
        """
        ended: set[str] = set()
        while standing := (await self._claim(request, ended)).standing:
            found = await _ended(standing)
            if found <= ended:
                await asyncio.sleep(PAUSE_SECONDS)
            ended |= found

    async def _claim(self, request: ClaimInput, ended: set[str]) -> ClaimKindsResponse:
        """The conflicting claims, empty if ours were granted, and the opened sweeps."""
        info = activity.info()
        answer: ClaimKindsResponse = await self._inventory.ClaimKinds(
            message_of(
                ClaimKindsRequest,
                request,
                workflow_id=info.workflow_id,
                run_id=info.workflow_run_id,
                ended_run_ids=sorted(ended),
            )
        )
        return answer


async def _ended(claims: "Sequence[KindClaim]") -> set[str]:
    """The ended runs among those with claims, according to Temporal."""
    runs = {claim.run_id: claim.workflow_id for claim in claims}
    ended = await asyncio.gather(*(_has_ended(workflow, run) for run, workflow in runs.items()))
    return {run_id for run_id, has_ended in zip(runs, ended, strict=True) if has_ended}


async def _has_ended(workflow_id: str, run_id: str) -> bool:
    handle = activity.client().get_workflow_handle(workflow_id, run_id=run_id)
    try:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            # Unknown to Temporal, so it ended long ago.
            return True
        raise
