"""Records the project of each resource while the lists of members are read."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from arcadia.inventory.v1.sync_service_pb2 import (
    RecordProjectMembersRequest,
    RecordUnreadableRowsRequest,
)
from grpc import StatusCode
from grpc.aio import AioRpcError

from kinds.project import ProjectMember
from kinds.spaces_bucket import SPACES_BUCKET
from providers.digitalocean.projects import MembersPage
from workflows.sync.activities.recording import Recording
from workflows.sync.activities.sightings import member_message, unreadable_message
from workflows.sync.payloads import MembersCursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["MEMBER_PAGES_AT_ONCE", "MembersRecording"]

LATE: Final = SPACES_BUCKET.name
"""The kind that is recorded along with the members, where projects list it."""

MEMBER_PAGES_AT_ONCE: Final = 16
"""Pages of members read concurrently; nothing else is read at that time."""


class MembersRecording(Recording[MembersPage, tuple[str, int]]):
    """Records members, many pages per call, while more are being read.

    Goes on from a cursor. What cannot be read is noted in the sweep of the projects, where there
    is one. Where a kind is read along with its members, those come last.
    """

    def __init__(
        self,
        inventory: "SyncServiceAsyncStub",
        provider: str,
        projects_sweep_id: str,
        start: MembersCursor | None = None,
        *,
        reads_along: bool = False,
    ) -> None:
        self._inventory = inventory
        self._provider = provider
        self._sweep_id = projects_sweep_id
        self._reads_along = reads_along
        self._late: dict[str, list[ProjectMember]] = {}
        self._counts = start or MembersCursor()
        # One call at a time: of two projects that show a resource, the later one has it.
        start_at = (self._counts.project_provider_id, self._counts.page)
        super().__init__(self._record_members, start_at, calls_at_once=1)

    @property
    def cursor(self) -> MembersCursor:
        """The cursor of the recorded members."""
        project, page = self.place
        return replace(self._counts, project_provider_id=project, page=page)

    async def add_page(self, page: MembersPage) -> None:
        """Adds a page. Raises errors of earlier calls."""
        await self.add(page, (page.project, page.number + 1))

    async def finish(self) -> None:
        """Waits until everything is recorded, including members that waited for their kind."""
        await super().finish()
        late, self._late = self._late, {}
        await self._move(late)

    async def _record_members(self, pages: "list[MembersPage]") -> None:
        unreadable = [
            unreadable_message(error, f"project {page.project}, page {page.number}, part {number}")
            for page in pages
            for number, error in enumerate(page.unreadable, 1)
        ]
        if unreadable and self._sweep_id:
            await self._inventory.RecordUnreadableRows(
                RecordUnreadableRowsRequest(sweep_id=self._sweep_id, rows=unreadable)
            )
        moving: dict[str, list[ProjectMember]] = {}
        for page in pages:
            for member in page.members:
                is_late = self._reads_along and member.kind == LATE
                members = self._late if is_late else moving
                members.setdefault(page.project, []).append(member)
        await self._move(moving)
        first = next((str(error) for page in pages for error in page.unreadable), "")
        self._counts = replace(
            self._counts,
            read_count=self._counts.read_count + sum(page.row_count for page in pages),
            unreadable_count=self._counts.unreadable_count + len(unreadable),
            reason=self._counts.reason or first,
        )

    async def _move(self, members: "dict[str, list[ProjectMember]]") -> None:
        for project, moving in members.items():
            moved = await _moved(self._inventory, self._provider, project, moving)
            self._counts = replace(self._counts, moved_count=self._counts.moved_count + moved)


async def _moved(
    inventory: "SyncServiceAsyncStub",
    provider: str,
    project: str,
    members: "Sequence[ProjectMember]",
) -> int:
    """The number of members that were in another project before."""
    request = RecordProjectMembersRequest(
        provider=provider, project_provider_id=project, members=map(member_message, members)
    )
    try:
        return int((await inventory.RecordProjectMembers(request)).moved_count)
    except AioRpcError as error:
        if error.code() is StatusCode.NOT_FOUND:
            # The project was created after the projects were read; the next sync knows it.
            return 0
        raise
