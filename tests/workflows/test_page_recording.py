"""Known pages are recorded by digest, as long as the inventory agrees."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from arcadia.inventory.v1 import sync_service_pb2 as pb

from kinds.unreadable import UnreadableRow
from providers.digitalocean.api.pages import Page
from providers.digitalocean.page_memory import PageMemory
from workflows.sync.activities.page_recording import ListedPage, PageRecording
from workflows.sync.activities.recording import MAX_ROWS_A_CALL
from workflows.sync.activities.sightings import rows_of, unreadable_message

VOLUMES = rows_of("digitalocean", "volume")


@dataclass
class FakeInventory:
    """An inventory whose digests are the lengths of what was sent, times the release."""

    release: int = 1
    digests: dict[str, int] = field(default_factory=dict)
    in_full: list[str] = field(default_factory=list)
    """What was sent in full since a test looked last."""
    calls: list[int] = field(default_factory=list)
    """How many rows each call sent in full."""
    unreadable: int = 0

    async def RecordSightings(
        self, request: pb.RecordSightingsRequest
    ) -> pb.RecordSightingsResponse:
        sent = {one.provider_id: one.ByteSize() * self.release for one in request.sightings}
        self.digests |= sent
        self.calls.append(len(request.sightings))
        self.in_full += [one.provider_id for one in request.sightings]
        return pb.RecordSightingsResponse(
            digests=[sent[one.provider_id] for one in request.sightings]
        )

    async def RecordUnchanged(
        self, request: pb.RecordUnchangedRequest
    ) -> pb.RecordUnchangedResponse:
        told = zip(request.provider_ids, request.digests, strict=True)
        return pb.RecordUnchangedResponse(
            changed_positions=[
                at for at, (key, digest) in enumerate(told) if self.digests.get(key) != digest
            ]
        )

    async def RecordUnreadableRows(
        self, request: pb.RecordUnreadableRowsRequest
    ) -> pb.RecordUnreadableRowsResponse:
        self.unreadable += len(request.rows)
        return pb.RecordUnreadableRowsResponse()

    def taken(self) -> list[str]:
        """What was sent in full since the last time."""
        taken, self.in_full = self.in_full, []
        return taken


class Account:
    """Two pages of volumes, read again and again."""

    def __init__(self) -> None:
        self.inventory, self.memory = FakeInventory(), PageMemory()
        self.rows = [{"id": f"v-{number}", "name": f"data-{number}"} for number in range(5)]
        self.odd = False

    def pages(self) -> list[ListedPage]:
        return [self._page(1, self.rows[:3]), self._page(2, self.rows[3:])]

    def _page(self, number: int, rows: list[dict[str, Any]]) -> ListedPage:
        memory = self.memory.of("volume 0")
        key = memory.key_of(number, repr((rows, self.odd)).encode())
        page = Page(rows, number, 5, None, key=key)
        known = memory.recall(key, number, lambda: page)
        if known is not None and known.known is not None:
            return ListedPage(known, len(rows), scopes=known.known.scopes)
        odd = (
            [unreadable_message(UnreadableRow("volume", "v-9", "odd"), "here")] if self.odd else []
        )
        return ListedPage(page, len(rows), [VOLUMES.message(row) for row in rows], odd)

    async def sweep(self) -> list[str]:
        """Records both pages in one call; what was sent in full."""
        recording = PageRecording(VOLUMES, self.inventory, "a-sweep", self.memory)  # type: ignore[arg-type]
        await recording.record(self.pages())
        return self.inventory.taken()


async def test_an_unchanged_page_is_not_sent_again() -> None:
    account = Account()

    assert await account.sweep() == ["v-0", "v-1", "v-2", "v-3", "v-4"]
    assert await account.sweep() == []
    assert await account.sweep() == []


async def test_a_page_of_which_a_row_changed_is_sent_in_full_and_the_others_are_not() -> None:
    account = Account()
    await account.sweep()
    account.rows[3] = {**account.rows[3], "name": "a longer name"}

    assert await account.sweep() == ["v-3", "v-4"]
    assert await account.sweep() == []


async def test_a_row_that_the_inventory_knows_otherwise_is_sent_in_full() -> None:
    account = Account()
    await account.sweep()
    account.inventory.digests["v-1"] = 0
    account.inventory.digests["v-4"] = 0

    assert await account.sweep() == ["v-1", "v-4"]
    assert sorted(await account.sweep()) == sorted(row["id"] for row in account.rows)
    assert await account.sweep() == []


async def test_a_release_that_digests_otherwise_gets_everything_in_full_once() -> None:
    account = Account()
    await account.sweep()
    account.inventory.release = 2
    account.inventory.digests.clear()

    assert len(await account.sweep()) == 5
    await account.sweep()
    assert await account.sweep() == []


async def test_a_page_with_a_row_that_cannot_be_read_is_read_anew_each_time() -> None:
    account = Account()
    account.odd = True

    assert len(await account.sweep()) == 5
    assert len(await account.sweep()) == 5
    assert account.inventory.unreadable == 4


async def test_a_page_counts_the_rows_that_cannot_be_read_too() -> None:
    account = Account()
    account.odd = True

    assert [len(page) for page in account.pages()] == [4, 3]
    account.odd = False
    await account.sweep()
    assert [len(page) for page in account.pages()] == [1, 1]


async def test_known_pages_fill_a_call_with_more_rows_and_are_sent_in_full_in_several() -> None:
    account = Account()
    account.rows = [{"id": f"v-{n}", "name": f"data-{n}"} for n in range(2 * MAX_ROWS_A_CALL)]
    recording = PageRecording(VOLUMES, account.inventory, "s", account.memory)  # type: ignore[arg-type]
    await recording.record(account.pages())
    account.inventory.calls.clear()
    known = account.pages()
    assert sum(map(len, known)) <= MAX_ROWS_A_CALL
    await recording.record(known)
    assert account.inventory.calls == []
    account.inventory.release = 2
    account.inventory.digests.clear()
    await recording.record(known)
    assert account.inventory.calls == [MAX_ROWS_A_CALL, MAX_ROWS_A_CALL]


@dataclass
class SlowInventory(FakeInventory):
    """An inventory that answers its first call when the gate is opened."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list)

    async def RecordSightings(
        self, request: pb.RecordSightingsRequest
    ) -> pb.RecordSightingsResponse:
        self.begun += [one.name for one in request.sightings]
        if len(self.begun) == len(request.sightings):
            await self.gate.wait()
        return await super().RecordSightings(request)


async def test_calls_are_made_side_by_side_but_for_those_with_a_row_in_common() -> None:
    inventory = SlowInventory()
    recording = PageRecording(VOLUMES, inventory, "s", PageMemory())  # type: ignore[arg-type]

    def page(provider_id: str, name: str) -> list[ListedPage]:
        rows: list[dict[str, Any]] = [{"id": provider_id, "name": name}]
        return [ListedPage(Page(rows, 1, 3, None), 1, [VOLUMES.message(row) for row in rows])]

    calls = [
        asyncio.create_task(recording.record(page(*row)))
        for row in (("v-1", "as it was"), ("v-2", "another"), ("v-1", "as it is"))
    ]
    await calls[1]
    await asyncio.sleep(0)
    assert inventory.begun == ["as it was", "another"]

    inventory.gate.set()
    await asyncio.gather(*calls)
    assert inventory.begun == ["as it was", "another", "as it is"]
