"""Activities for projects: find or create ours, and record members."""

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.sync import ProjectInput
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.projects import (
    ensure_project,
    find_project,
    list_project_ids,
    members_of,
)
from workflows.durable.activities import service_activity
from workflows.durable.heartbeats import beating, reached_before
from workflows.sync.activities.members import MEMBER_PAGES_AT_ONCE, MembersRecording
from workflows.sync.payloads import MembersCursor, MembersInput

if TYPE_CHECKING:
    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["ProjectActivities"]


class ProjectActivities:
    """Uses the provider's client and the inventory service."""

    def __init__(self, provider: DigitalOcean, inventory: "SyncServiceAsyncStub") -> None:
        self._provider = provider
        self._inventory = inventory

    @service_activity(heartbeat=True, doing="looking for the internal project")
    async def project_exists(self, request: ProjectInput) -> bool:
        """Whether the provider lists a project with the name."""
        return await find_project(self._provider, request.name) is not None

    @service_activity(heartbeat=True)
    async def ensure_project(self, request: ProjectInput) -> str:
        """Creates the project of that name if it does not exist; returns the provider's id."""
        return (await ensure_project(self._provider, request.name)).provider_id

    @service_activity(doing="reading project members", cursor=MembersCursor)
    async def record_members(self, request: MembersInput) -> MembersCursor:
        """Records the project of each resource; returns the counts."""
        start = reached_before(MembersCursor) or MembersCursor()
        # A row without an id is reported by the sweep of projects.
        projects, _ = await list_project_ids(self._provider)
        if start.project_provider_id in projects:
            projects = projects[projects.index(start.project_provider_id) :]
        else:
            start = replace(start, project_provider_id="", page=1)
        members = MembersRecording(self._inventory, request.provider, request.sweep_id, start)
        pages = members_of(self._provider, projects, first=start.page, at_once=MEMBER_PAGES_AT_ONCE)
        async with members, beating(lambda: members.cursor), aclosing(pages):
            async for page in pages:
                await members.add_page(page)
            await members.finish()
        return members.cursor
