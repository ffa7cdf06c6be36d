"""Records which resources live in which project, while their lists are read."""

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
from workflows.sync.activities.sightings import member_message, unreadable_message
from workflows.sync.payloads import MembersCursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcadia.inventory.v1.sync_service_pb2_grpc import SyncServiceAsyncStub

__all__ = ["MembersRecording", "record_members_page"]

LATE: Final = SPACES_BUCKET.name
"""The kind that is itself recorded while the members are."""


class MembersRecording:
    """Takes members down page by page; those of the kind that is read along come last."""

    def __init__(
        self, inventory: "SyncServiceAsyncStub", provider: str, projects_sweep_id: str
    ) -> None:
        self._inventory = inventory
        self._provider = provider
        self._sweep_id = projects_sweep_id
        self._late: dict[str, list[ProjectMember]] = {}
        self.counts = MembersCursor()

    async def record(self, page: MembersPage) -> None:
        """Records a page, but for the members of the kind that is read along."""
        late = [member for member in page.members if member.kind == LATE]
        if late:
            self._late.setdefault(page.project, []).extend(late)
        rest = replace(page, members=tuple(one for one in page.members if one.kind != LATE))
        self.counts = await record_members_page(
            self._inventory, self._provider, self._sweep_id, rest, self.counts
        )

    async def finish(self) -> None:
        """Records the members that had to wait for their own kind."""
        for project, members in self._late.items():
            moved = await _move(self._inventory, self._provider, project, members)
            self.counts = replace(self.counts, moved_count=self.counts.moved_count + moved)


async def record_members_page(
    inventory: "SyncServiceAsyncStub",
    provider: str,
    sweep_id: str,
    page: MembersPage,
    cursor: MembersCursor,
) -> MembersCursor:
    """Records a page of a project's members; the counts after it.

    What cannot be read is noted in the sweep of the projects, where there is one.
    """
    if page.unreadable and sweep_id:
        rows = [
            unreadable_message(error, f"project {page.project}, page {page.number}, part {number}")
            for number, error in enumerate(page.unreadable, 1)
        ]
        await inventory.RecordUnreadableRows(
            RecordUnreadableRowsRequest(sweep_id=sweep_id, rows=rows)
        )
    moved = await _move(inventory, provider, page.project, page.members)
    first = next((str(error) for error in page.unreadable), "")
    return replace(
        cursor,
        read_count=cursor.read_count + page.row_count,
        moved_count=cursor.moved_count + moved,
        unreadable_count=cursor.unreadable_count + len(page.unreadable),
        reason=cursor.reason or first,
    )


async def _move(
    inventory: "SyncServiceAsyncStub",
    provider: str,
    project: str,
    members: "Sequence[ProjectMember]",
) -> int:
    if not members:
        return 0
    request = RecordProjectMembersRequest(
        provider=provider, project_provider_id=project, members=map(member_message, members)
    )
    try:
        return int((await inventory.RecordProjectMembers(request)).moved_count)
    except AioRpcError as error:
        if error.code() is StatusCode.NOT_FOUND:
            # Made after the projects were read: the next sync knows it.
            return 0
        raise
