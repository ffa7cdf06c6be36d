"""The fast sync: reads one resource right after a change."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.sync import ResourceInput
    from workflows.durable.timeouts import PROMPT, with_heartbeat
    from workflows.sync.activities.reading import ReadActivities

__all__ = ["SyncResource"]

LOOKS: Final = 5
"""Retries of a 404, which a new resource may return for a moment."""

FIRST_PAUSE: Final = timedelta(seconds=1)


@workflow.defn
class SyncResource:
    """Started as `sync-resource/<provider>/<kind>/<id>`."""

    @workflow.run
    async def run(self, request: ResourceInput) -> bool:
        """Whether the provider has it and the inventory was updated."""
        for look in range(LOOKS if request.is_expected else 1):
            if look:
                await workflow.sleep(FIRST_PAUSE * 2 ** (look - 1))
            if await self._read(request):
                workflow.set_current_details(f"{request.kind} {request.provider_id} was recorded.")
                return True
        workflow.set_current_details(
            f"The provider has no {request.kind} {request.provider_id}."
            " Only sweeps create tombstones."
        )
        return False

    async def _read(self, request: ResourceInput) -> bool:
        return await with_heartbeat(timedelta(minutes=5), PROMPT).run(
            ReadActivities.read_resource, request, f"read {request.kind} {request.provider_id}"
        )
