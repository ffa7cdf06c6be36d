"""A recorded page is recognised only by identical bytes."""

import asyncio
import gc

import httpx
from hypothesis import given
from hypothesis import strategies as st

from providers.digitalocean.api.pages import PER_PAGE, Page
from providers.digitalocean.page_memory import PageMemory, remembered
from tests.providers.test_paging import DROPLETS, Listing

IDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)
DIGESTS = st.integers(-(2**63), 2**63 - 1)


async def read(listing: Listing, memory: PageMemory, *, at_once: int = 8) -> list[Page]:
    """Reads a listing to its end, and keeps each of its pages that was not known."""
    async with listing.client() as provider:
        pages = [
            page
            async for page in provider.pages(
                DROPLETS, "droplets", at_once=at_once, memory=memory.of("droplet")
            )
        ]
    for page in pages:
        if page.known is None:
            ids = [str(row["id"]) for row in page.items]
            kept = remembered(
                page, ids, [7] * len(ids), scopes=frozenset({"tags"}), unpriced_sizes=frozenset()
            )
            assert kept is not None
            memory.keep(page.key, kept)
    return pages


@given(rows=st.lists(st.tuples(IDS, DIGESTS), max_size=300))
def test_ids_and_digests_of_a_page_are_kept_in_order(
    rows: list[tuple[str, int]],
) -> None:
    ids, digests = [each for each, _ in rows], [each for _, each in rows]

    kept = remembered(
        Page([], 1, None, None), ids, digests, scopes=frozenset(), unpriced_sizes=frozenset()
    )

    assert kept is not None
    assert (kept.provider_ids, kept.digests) == (ids, digests)


def test_a_page_with_an_id_that_has_a_line_break_is_not_cached() -> None:
    page = Page([], 1, None, None)

    assert remembered(page, ["a\nb"], [1], scopes=frozenset(), unpriced_sizes=frozenset()) is None


async def test_the_same_answer_is_known_and_can_be_read_after_all() -> None:
    listing, memory = Listing(450), PageMemory()
    before = await read(listing, memory)

    after = await read(listing, memory)

    assert [page.known is None for page in before] == [True] * 3
    assert [page.items for page in after] == [[]] * 3
    assert [page.row_count for page in after] == [200, 200, 50]
    assert [(page.number, page.total, page.next_number) for page in after] == [
        (page.number, page.total, page.next_number) for page in before
    ]
    assert [page.reread().items for page in after if page.reread] == [page.items for page in before]


async def test_an_answer_of_which_anything_differs_is_read_anew() -> None:
    listing, memory = Listing(450), PageMemory()
    await read(listing, memory)
    changed = listing.page(2)
    changed["droplets"][7]["name"] = "renamed"
    plain = listing.page
    listing.page = lambda number: changed if number == 2 else plain(number)  # type: ignore[method-assign]

    pages = await read(listing, memory)

    assert [page.known is None for page in pages] == [False, True, False]
    listing.page = plain  # type: ignore[method-assign]
    listing.total = 451
    assert [page.known is None for page in await read(listing, memory)] == [True] * 3


async def test_no_answer_is_held_once_its_page_is_dropped_without_the_garbage_collector() -> None:
    listing, memory = Listing(4 * PER_PAGE), PageMemory()
    gc.collect()
    gc.disable()
    try:
        await read(listing, memory)
        await read(listing, memory)
        held = [one for one in gc.get_objects() if isinstance(one, httpx.Response)]
    finally:
        gc.enable()

    assert held == []


async def test_an_answer_is_known_only_as_that_page_of_that_listing() -> None:
    memory = PageMemory()

    keys = {
        memory.of(name).key_of(number, b"content")
        for name in ("droplet 0", "droplet 1", "volume 0")
        for number in (1, 2, 11)
    }

    assert len(keys) == 9


async def test_the_pages_used_longest_ago_are_forgotten_where_there_are_too_many() -> None:
    memory = PageMemory(most_rows=2 * (PER_PAGE + 1))
    await read(Listing(2 * PER_PAGE), memory)

    assert [page.known is None for page in await read(Listing(2 * PER_PAGE), memory)] == [
        False,
        False,
    ]
    other = Listing(PER_PAGE)
    await read(other, memory)
    assert [page.known is None for page in await read(other, memory)] == [False]
    again = await read(Listing(2 * PER_PAGE), memory)
    assert again[0].known is None


async def test_as_many_pages_as_last_time_are_requested_with_the_first_one() -> None:
    listing, memory = Listing(4 * PER_PAGE), PageMemory()
    await read(listing, memory)
    listing.asked.clear()
    listing.four.clear()
    listing.hold, listing.holds_first = asyncio.Event(), True

    reading = asyncio.create_task(read(listing, memory, at_once=4))
    await listing.four.wait()

    assert sorted(listing.asked) == [1, 2, 3, 4]
    listing.hold.set()
    assert [page.number for page in await reading] == [1, 2, 3, 4]
    assert listing.most_at_once <= 4


async def test_a_listing_that_became_shorter_ends_where_it_says_so() -> None:
    listing, memory = Listing(6 * PER_PAGE), PageMemory()
    await read(listing, memory)
    listing.total = PER_PAGE + 1

    assert [page.number for page in await read(listing, memory)] == [1, 2]
    listing.asked.clear()
    await read(listing, memory)
    assert sorted(listing.asked) == [1, 2]
