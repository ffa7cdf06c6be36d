"""Projects at the provider: whether ours is there, its making, and who lives where."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from temporalio import activity

from contracts.sync import ProjectInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.projects import (
    ensure_project,
    find_project,
    list_project_ids,
    member_pages,
)
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating, reached_before
from workflows.sync.activities.members import record_members_page
from workflows.sync.activities.recording import PAGES_AT_ONCE
from workflows.sync.payloads import MembersCursor, MembersInput

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ProjectActivities"]


class ProjectActivities:
    """Needs the provider's client and the inventory's stub."""

    def __init__(self, provider: DigitalOcean, inventory: "SyncServiceAsyncStub") -> None:
        self._provider = provider
        self._inventory = inventory

    @activity.defn
    async def project_exists(self, request: ProjectInput) -> bool:
        """Whether the provider lists a project of that name."""
        with as_failures():
            async with beating(lambda: None):
                return await find_project(self._provider, request.name) is not None

    @activity.defn
    async def ensure_project(self, request: ProjectInput) -> str:
        """The provider's id of the project of that name, which is made when there is none."""
        with as_failures():
            async with beating(lambda: None):
                project = await ensure_project(self._provider, request.name)
            return project.provider_id

    @activity.defn
    async def record_members(self, request: MembersInput) -> MembersCursor:
        """Records which resources live in which project; answers with the counts at the end."""
        with as_failures():
            walk = _MembersWalk(
                self._provider,
                self._inventory,
                request,
                reached_before(MembersCursor) or MembersCursor(),
            )
            async with beating(lambda: walk.cursor):
                await walk.run()
            return walk.cursor


@dataclass
class _MembersWalk:
    """Goes from project to project, page by page."""

    provider: DigitalOcean
    inventory: "SyncServiceAsyncStub"
    request: MembersInput
    cursor: MembersCursor

    async def run(self) -> None:
        """From the cursor to the end; from the start when the cursor's project is gone."""
        # A row that tells no id is named by the sweep of the projects.
        projects, _ = await list_project_ids(self.provider)
        if self.cursor.project_provider_id in projects:
            projects = projects[projects.index(self.cursor.project_provider_id) :]
        else:
            self.cursor = replace(self.cursor, project_provider_id="", page=1)
        for project in projects:
            if project != self.cursor.project_provider_id:
                self.cursor = replace(self.cursor, project_provider_id=project, page=1)
            await self._read(project)

    async def _read(self, project: str) -> None:
        pages = member_pages(self.provider, project, first=self.cursor.page, at_once=PAGES_AT_ONCE)
        async for page in pages:
            recorded = await record_members_page(
                self.inventory, self.request.provider, self.request.sweep_id, page, self.cursor
            )
            self.cursor = replace(recorded, page=page.number + 1)
