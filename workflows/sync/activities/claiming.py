"""Makes sure that no two syncs read the same kind at once: one waits until the other's run ends."""

import asyncio
from typing import TYPE_CHECKING, Final

from arcadia.inventory.v1.sync_service_pb2 import ClaimKindsRequest, KindClaim
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from services.common.rpc.requests import set_request_id
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating
from workflows.sync.payloads import ClaimInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ClaimActivities"]

PAUSE_SECONDS: Final = 0.5


class ClaimActivities:
    """Needs the inventory's stub, and the client of the worker that runs it."""

    def __init__(self, inventory: "SyncServiceAsyncStub") -> None:
        self._inventory = inventory

    @activity.defn
    async def claim_kinds(self, request: ClaimInput) -> None:
        """Claims all kinds of this sync, as soon as no run of another that claimed one goes on.

        A claim is given back by nobody: it ends with its run, however that ended.
        """
        with as_failures():
            info = activity.info()
            set_request_id(info.workflow_run_id)
            ended: set[str] = set()
            async with beating(lambda: None):
                while standing := await self._claim(request, ended):
                    found = await _ended(standing)
                    if found <= ended:
                        await asyncio.sleep(PAUSE_SECONDS)
                    ended |= found

    async def _claim(self, request: ClaimInput, ended: set[str]) -> "Sequence[KindClaim]":
        """The claims that stand in the way; none when ours stand."""
        info = activity.info()
        answer = await self._inventory.ClaimKinds(
            ClaimKindsRequest(
                provider=request.provider,
                kinds=request.kinds,
                workflow_id=info.workflow_id,
                run_id=info.workflow_run_id,
                ended_run_ids=sorted(ended),
            )
        )
        return answer.standing


async def _ended(claims: "Sequence[KindClaim]") -> set[str]:
    """Which of the runs that claimed kinds go on no more, as Temporal says."""
    runs = {claim.run_id: claim.workflow_id for claim in claims}
    return {run_id for run_id, workflow_id in runs.items() if await _has_ended(workflow_id, run_id)}


async def _has_ended(workflow_id: str, run_id: str) -> bool:
    handle = activity.client().get_workflow_handle(workflow_id, run_id=run_id)
    try:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            # Forgotten: it ended long ago.
            return True
        raise
