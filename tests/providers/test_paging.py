"""A listing is read completely, or it is an error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest

from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.pages import PER_PAGE, Prefetch, read_page
from providers.digitalocean.api.rate import RateBudget
from providers.digitalocean.errors import MalformedAnswer, PagingLoop
from tests.providers.conftest import QUICK
from tests.providers.simulator import Simulator

DROPLETS = "/v2/droplets"


async def identifiers(provider: DigitalOcean, first: int = 1) -> list[int]:
    return [
        row["id"]
        async for page in provider.pages(DROPLETS, "droplets", first=first)
        for row in page.items
    ]


async def test_every_page_is_read_once_and_in_order(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    pages = [page async for page in provider.pages(DROPLETS, "droplets")]

    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.next_number for page in pages] == [2, 3, None]
    assert {page.total for page in pages} == {sum(len(page.items) for page in pages)}
    assert len(simulator.requests(path=DROPLETS)) == 3


async def test_a_page_holds_as_many_rows_as_the_provider_allows(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    await identifiers(provider)

    assert all("per_page=200" in asked for asked in simulator.requests(path=DROPLETS))


async def test_reading_goes_on_from_any_page(provider: DigitalOcean) -> None:
    everything = await identifiers(provider)

    assert await identifiers(provider, first=3) == everything[400:]


async def test_a_page_past_the_end_is_empty_and_the_last(provider: DigitalOcean) -> None:
    assert await identifiers(provider, first=4) == []


async def test_droplets_with_a_gpu_are_listed_by_their_own_query(provider: DigitalOcean) -> None:
    plain = await identifiers(provider)
    query = (("type", "gpus"),)
    with_gpu = [
        row["id"]
        async for page in provider.pages(DROPLETS, "droplets", query=query)
        for row in page.items
    ]

    assert with_gpu
    assert not set(plain) & set(with_gpu)


async def test_a_link_to_another_host_leads_to_the_same_page_here(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    everything = await identifiers(provider)
    simulator.fault("foreign_next", path=DROPLETS)

    assert await identifiers(provider) == everything


async def test_a_link_that_leads_back_is_an_error(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("cycling_next", path=DROPLETS)

    with pytest.raises(PagingLoop):
        await identifiers(provider)


async def test_an_answer_without_its_key_is_never_an_empty_list(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("missing_key", path=DROPLETS, skip=1)

    with pytest.raises(MalformedAnswer, match="page 2: the response has no `droplets`"):
        await identifiers(provider)


async def test_a_row_that_shifts_onto_the_page_before_shows_in_the_total(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("shift", path=DROPLETS, page=1, times=1)

    totals = [page.total async for page in provider.pages(DROPLETS, "droplets")]

    assert totals[0] is not None
    assert totals[1:] == [totals[0] - 1] * (len(totals) - 1)


async def test_reading_ahead_gives_the_same_pages(provider: DigitalOcean) -> None:
    plain = [page async for page in provider.pages(DROPLETS, "droplets")]
    async with aclosing(Prefetch(provider.pages(DROPLETS, "droplets"))) as pages:
        assert [page async for page in pages] == plain


async def test_reading_ahead_stops_when_nobody_waits_for_more(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    async with aclosing(Prefetch(provider.pages(DROPLETS, "droplets"))) as pages:
        await anext(pages)

    assert not any("page=3" in asked for asked in simulator.requests(path=DROPLETS))


class Listing:
    """A listing of so many rows, whose pages a test answers when it wants to."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.asked: list[int] = []
        self.hold: asyncio.Event | None = None
        self.holds_first = False
        self.four = asyncio.Event()
        """Set when four pages were asked for."""
        self.most_at_once = self.at_once = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        self.asked.append(number)
        if len(self.asked) == 4:
            self.four.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.hold is not None and (number > 1 or self.holds_first):
            await self.hold.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        return httpx.Response(200, json=self.page(number))

    def page(self, number: int) -> dict[str, Any]:
        rows = range((number - 1) * PER_PAGE, min(number * PER_PAGE, self.total))
        more = number * PER_PAGE < self.total
        links = {"next": f"https://x/?page={number + 1}"} if more else {}
        return {
            "droplets": [{"id": row} for row in rows],
            "links": {"pages": links},
            "meta": {"total": self.total},
        }

    @asynccontextmanager
    async def client(self) -> AsyncIterator[DigitalOcean]:
        transport = httpx.MockTransport(self.answer)
        async with httpx.AsyncClient(base_url="http://x", transport=transport) as http:
            yield DigitalOcean(http, RateBudget(), QUICK)


@pytest.mark.parametrize("total", [0, 1, 199, 200, 201, 1_000, 3_001])
@pytest.mark.parametrize("at_once", [1, 2, 8])
async def test_pages_that_are_read_side_by_side_come_once_and_in_order(
    total: int, at_once: int
) -> None:
    listing = Listing(total)
    async with listing.client() as provider:
        pages = [page async for page in provider.pages(DROPLETS, "droplets", at_once=at_once)]

    assert [row["id"] for page in pages for row in page.items] == list(range(total))
    assert sorted(listing.asked) == list(range(1, max(1, -(-total // PER_PAGE)) + 1))
    assert listing.most_at_once <= at_once


async def test_at_most_half_as_many_more_pages_are_held_than_requested_at_once() -> None:
    listing = Listing(20 * PER_PAGE)
    listing.hold = asyncio.Event()
    async with listing.client() as provider:
        pages = provider.pages(DROPLETS, "droplets", at_once=4)
        await anext(pages)
        following = asyncio.create_task(anext(pages))
        await listing.four.wait()
        assert listing.most_at_once <= 4
        listing.hold.set()
        assert (await following).number == 2
        for _ in range(50):
            await asyncio.sleep(0)
        await pages.aclose()
    assert listing.most_at_once <= 4
    assert max(listing.asked) <= 7


async def test_listings_that_share_their_turns_ask_for_no_more_together() -> None:
    listing = Listing(6 * PER_PAGE)
    turns = asyncio.Semaphore(2)

    async def read(provider: DigitalOcean) -> list[int]:
        listed = provider.pages(DROPLETS, "droplets", at_once=4, turns=turns)
        return [page.number async for page in listed]

    async with listing.client() as provider:
        numbers = await asyncio.gather(*(read(provider) for _ in range(3)))

    assert numbers == [[1, 2, 3, 4, 5, 6]] * 3
    assert listing.most_at_once <= 2


async def test_a_page_that_names_another_one_than_the_next_is_followed() -> None:
    listing = Listing(8 * PER_PAGE)
    second = listing.page(2)
    second["links"]["pages"]["next"] = "https://x/?page=5"
    plain = listing.page
    listing.page = lambda number: second if number == 2 else plain(number)  # type: ignore[method-assign]
    async with listing.client() as provider:
        pages = provider.pages(DROPLETS, "droplets", at_once=4)
        assert [page.number async for page in pages] == [1, 2, 5, 6, 7, 8]


async def test_an_end_before_the_total_is_the_end() -> None:
    listing = Listing(8 * PER_PAGE)
    third = listing.page(3)
    third["links"] = {}
    plain = listing.page
    listing.page = lambda number: third if number == 3 else plain(number)  # type: ignore[method-assign]
    async with listing.client() as provider:
        pages = provider.pages(DROPLETS, "droplets", at_once=8)
        assert [page.number async for page in pages] == [1, 2, 3]


@pytest.mark.parametrize("links", [None, {}, {"pages": {}}, {"pages": None}])
def test_no_next_link_in_any_of_its_forms_ends_the_listing(links: object) -> None:
    assert read_page({"droplets": [], "links": links}, "droplets", 1).next_number is None
    assert read_page({"droplets": []}, "droplets", 1).next_number is None


@pytest.mark.parametrize("next_link", ["https://x/v2/droplets", "https://x/?page=two", 5])
def test_a_next_link_without_a_page_number_is_an_error(next_link: object) -> None:
    answer = {"droplets": [{}], "links": {"pages": {"next": next_link}}}

    with pytest.raises(MalformedAnswer, match="has no page number"):
        read_page(answer, "droplets", 1)


def test_an_empty_page_that_names_a_next_one_is_an_error() -> None:
    answer = {"droplets": [], "links": {"pages": {"next": "https://x/?page=2"}}}

    with pytest.raises(PagingLoop):
        read_page(answer, "droplets", 1)


@pytest.mark.parametrize(
    "answer",
    [
        [], "droplets", None, {"droplets": None}, {"droplets": {}}, {"meta": {"total": 1}},
        {"droplets": None, "meta": {"total": 1}}, {"droplets": {}, "meta": {"total": 0}},
        {"droplets": [], "meta": {"total": True}},
        {"droplets": [{}], "links": "x"}, {"droplets": [{}], "links": {"pages": ["x"]}},
        {"droplets": [{}], "meta": "x"}, {"droplets": [{}], "meta": {"total": "many"}},
    ],
)  # fmt: skip  # a table
def test_an_answer_of_another_shape_is_an_error(answer: object) -> None:
    with pytest.raises(MalformedAnswer):
        read_page(answer, "droplets", 1)


@pytest.mark.parametrize("listed", [{}, {"droplets": None}, {"droplets": []}])
@pytest.mark.parametrize("links", [{}, {"links": {"pages": {}}}])
def test_a_total_of_nothing_is_an_empty_list_with_or_without_its_key(
    listed: dict[str, object], links: dict[str, object]
) -> None:
    page = read_page({**listed, **links, "meta": {"total": 0}}, "droplets", 1)

    assert (page.items, page.total, page.next_number) == ([], 0, None)


def test_null_is_an_empty_list_where_an_answer_never_tells_a_total() -> None:
    page = read_page({"databases": None}, "databases", 1, counted=False)

    assert (page.items, page.total) == ([], None)
    with pytest.raises(MalformedAnswer):
        read_page({}, "databases", 1, counted=False)


def test_a_listing_without_a_total_has_none() -> None:
    assert read_page({"databases": []}, "databases", 1).total is None


@pytest.mark.parametrize(
    "query", ["page=2", "per_page=200&page=2", "type=gpus&page=2&per_page=200", "page=2&page=2"]
)
def test_the_next_page_is_named_anywhere_in_the_query_of_its_link(query: str) -> None:
    answer = {
        "droplets": [{"id": 1}],
        "links": {"pages": {"next": f"https://api.example/v2/droplets?{query}"}},
    }

    assert read_page(answer, "droplets", 1).next_number == 2
