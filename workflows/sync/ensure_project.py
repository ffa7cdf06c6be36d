"""Creates a required project at the provider. Its run id prevents concurrent runs."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.sync import ProjectInput
    from workflows.durable.timeouts import PROMPT, with_heartbeat
    from workflows.sync.activities.projects import ProjectActivities

__all__ = ["EnsureProject"]


@workflow.defn
class EnsureProject:
    """Started as `ensure-project/<provider>/<name>`."""

    @workflow.run
    async def run(self, request: ProjectInput) -> str:
        """The provider's id of the project."""
        identifier = await with_heartbeat(timedelta(minutes=10), PROMPT).run(
            ProjectActivities.ensure_project,
            request,
            f"find or create the project {request.name}",
        )
        workflow.set_current_details(f"The project {request.name} exists: `{identifier}`.")
        return identifier
