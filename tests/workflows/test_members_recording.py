"""Members of projects are recorded in many pages per call, in the order of projects."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from arcadia.inventory.v1 import sync_service_pb2 as pb

from kinds.project import PROJECT, ProjectMember
from kinds.unreadable import UnreadableRow
from providers.digitalocean.projects import MembersPage
from workflows.sync.activities.members import MembersRecording
from workflows.sync.payloads import MembersCursor


@dataclass
class FakeInventory:
    """An inventory in which every member was elsewhere, and that answers when the gate is open."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    async def RecordProjectMembers(
        self, request: pb.RecordProjectMembersRequest
    ) -> pb.RecordProjectMembersResponse:
        await self.gate.wait()
        members = [one.provider_id for one in request.members]
        self.calls.append((request.project_provider_id, members))
        return pb.RecordProjectMembersResponse(moved_count=len(members))

    async def RecordUnreadableRows(
        self, request: pb.RecordUnreadableRowsRequest
    ) -> pb.RecordUnreadableRowsResponse:
        self.unreadable += [row.reason for row in request.rows]
        return pb.RecordUnreadableRowsResponse()


def page(project: str, number: int, *members: str, kind: str = "droplet") -> MembersPage:
    found = tuple(ProjectMember(kind, member) for member in members)
    return MembersPage(project, number, found, len(found), ())


def recording(inventory: FakeInventory, **options: Any) -> MembersRecording:
    return MembersRecording(inventory, "digitalocean", "a-sweep", **options)  # type: ignore[arg-type]


async def test_pages_that_came_during_a_call_go_with_the_next_one_a_call_for_each_project() -> None:
    inventory = FakeInventory()
    async with recording(inventory) as members:
        await members.add_page(page("one", 1, "1", "2"))
        await asyncio.sleep(0)
        await members.add_page(page("one", 2, "3"))
        await members.add_page(page("one", 3, "4"))
        await members.add_page(page("two", 1, "1"))
        assert members.cursor == MembersCursor()
        inventory.gate.set()
        await members.finish()

    assert inventory.calls == [("one", ["1", "2"]), ("one", ["3", "4"]), ("two", ["1"])]
    assert members.cursor == MembersCursor("two", 2, read_count=5, moved_count=5)


async def test_the_kind_that_is_read_along_comes_last() -> None:
    inventory = FakeInventory()
    inventory.gate.set()
    async with recording(inventory, reads_along=True) as members:
        await members.add_page(page("one", 1, "bucket", kind="spaces_bucket"))
        await members.add_page(page("two", 1, "1"))
        await members.finish()

    assert inventory.calls == [("two", ["1"]), ("one", ["bucket"])]
    assert members.cursor.moved_count == 2


async def test_unreadable_members_are_recorded_and_counting_resumes_from_the_cursor() -> None:
    inventory = FakeInventory()
    inventory.gate.set()
    start = MembersCursor("one", 3, read_count=400, moved_count=7)
    async with recording(inventory, start=start) as members:
        refused = UnreadableRow(PROJECT, "one", "its resources: 403")
        await members.add_page(MembersPage("one", 3, (), 0, (refused,)))
        await members.finish()

    assert inventory.calls == []
    assert inventory.unreadable == [str(refused)]
    assert members.cursor == MembersCursor(
        "one", 4, read_count=400, moved_count=7, unreadable_count=1, reason=str(refused)
    )
