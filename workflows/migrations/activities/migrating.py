"""The steps of a migration, each one or more calls to the catalog."""

from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import migration_service_pb2 as pb

from workflows.durable.activities import service_activity
from workflows.migrations.payloads import MigrationStep, StepInput

if TYPE_CHECKING:
    from arcadia.catalog.v1.migration_service_pb2_grpc import MigrationStepServiceAsyncStub

__all__ = ["MigrationActivities"]

SERVICE: Final = "catalog"


class MigrationActivities:
    """Uses the catalog's MigrationStepService."""

    def __init__(self, steps: "MigrationStepServiceAsyncStub") -> None:
        self._steps = steps

    @service_activity(SERVICE)
    async def select_subscriptions(self, migration_id: str) -> MigrationStep:
        """Adds the subscriptions that a migration selects. Idempotent."""
        answer = await self._steps.SelectSubscriptions(
            pb.SelectSubscriptionsRequest(id=migration_id)
        )
        return _step(answer.step, 0)

    @service_activity(SERVICE, heartbeat=True)
    async def advance_migration(self, request: StepInput) -> MigrationStep:
        """Schedules or takes back changes, batch by batch, until none is left.

        What a killed attempt did is committed, so a retry goes on after it.
        """
        done = 0
        while True:
            answer = await self._steps.AdvanceMigration(
                pb.AdvanceMigrationRequest(id=request.migration_id, limit=request.at_once)
            )
            done += answer.step.done_count
            if not answer.step.done_count or not answer.step.remaining_count:
                return _step(answer.step, done)

    @service_activity(SERVICE)
    async def finish_migration(self, migration_id: str) -> MigrationStep:
        """Closes a migration that is undone or in effect. Idempotent."""
        answer = await self._steps.FinishMigration(pb.FinishMigrationRequest(id=migration_id))
        return _step(answer.step, 0)


def _step(step: pb.MigrationStep, done: int) -> MigrationStep:
    return MigrationStep(step.status, step.is_paused, done, step.remaining_count)
