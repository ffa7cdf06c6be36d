"""Projects at the provider: whether ours is there, its making, and who lives where."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from arcadia.inventory.v1.sync_service_pb2 import RecordProjectMembersRequest
from grpc import StatusCode
from grpc.aio import AioRpcError
from temporalio import activity

from providers.digitalocean.client import DigitalOcean
from providers.digitalocean.errors import NotFound
from providers.digitalocean.kinds.project import PROJECTS, member
from providers.digitalocean.pages import Page
from providers.digitalocean.projects import ensure_project, find_project
from services.common.requests import set_request_id
from workflows.activities.failures import as_failures
from workflows.activities.heartbeats import beating, reached_before
from workflows.activities.sightings import member_message
from workflows.payloads import MembersCursor, MembersInput, ProjectInput

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
            set_request_id(activity.info().workflow_run_id)
            walk = _MembersWalk(
                self._provider,
                self._inventory,
                request.provider,
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
    provider_name: str
    cursor: MembersCursor

    async def run(self) -> None:
        """From the cursor to the end; from the start when the cursor's project is gone."""
        projects = [
            str(row["id"])
            async for page in self.provider.pages(PROJECTS.path, PROJECTS.key)
            for row in page.items
        ]
        if self.cursor.project_provider_id in projects:
            projects = projects[projects.index(self.cursor.project_provider_id) :]
        else:
            self.cursor = replace(self.cursor, project_provider_id="", page=1)
        for project in projects:
            if project != self.cursor.project_provider_id:
                self.cursor = replace(self.cursor, project_provider_id=project, page=1)
            await self._read(project)

    async def _read(self, project: str) -> None:
        path = f"{PROJECTS.path}/{project}/resources"
        try:
            async for page in self.provider.pages(path, "resources", first=self.cursor.page):
                moved = await self._record(project, page)
                self.cursor = replace(
                    self.cursor,
                    page=page.number + 1,
                    read_count=self.cursor.read_count + len(page.items),
                    moved_count=self.cursor.moved_count + moved,
                )
        except NotFound:
            # Deleted since it was listed; its resources went elsewhere first.
            return

    async def _record(self, project: str, page: Page) -> int:
        members: list[Any] = [
            member_message(living) for row in page.items if (living := member(row)) is not None
        ]
        if not members:
            return 0
        request = RecordProjectMembersRequest(
            provider=self.provider_name, project_provider_id=project, members=members
        )
        try:
            answer = await self.inventory.RecordProjectMembers(request)
        except AioRpcError as error:
            if error.code() is StatusCode.NOT_FOUND:
                # Made after the projects were read: the next sync knows it.
                return 0
            raise
        return int(answer.moved_count)
