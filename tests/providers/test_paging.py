"""A listing is read to its end, or it is an error: it is never quietly shorter."""

from contextlib import aclosing

import pytest

from providers.digitalocean.client import DigitalOcean
from providers.digitalocean.errors import MalformedAnswer, PagingLoop
from providers.digitalocean.pages import ahead, read_page
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

    with pytest.raises(MalformedAnswer, match="page 2: the answer has no `droplets`"):
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
    async with aclosing(ahead(provider.pages(DROPLETS, "droplets"))) as pages:
        assert [page async for page in pages] == plain


async def test_reading_ahead_stops_when_nobody_waits_for_more(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    async with aclosing(ahead(provider.pages(DROPLETS, "droplets"))) as pages:
        await anext(pages)

    assert not any("page=3" in asked for asked in simulator.requests(path=DROPLETS))


@pytest.mark.parametrize("links", [None, {}, {"pages": {}}, {"pages": None}])
def test_no_next_link_in_any_of_its_forms_ends_the_listing(links: object) -> None:
    assert read_page({"droplets": [], "links": links}, "droplets", 1).next_number is None
    assert read_page({"droplets": []}, "droplets", 1).next_number is None


@pytest.mark.parametrize("next_link", ["https://x/v2/droplets", "https://x/?page=two", 5])
def test_a_next_link_without_a_page_number_is_an_error(next_link: object) -> None:
    answer = {"droplets": [{}], "links": {"pages": {"next": next_link}}}

    with pytest.raises(MalformedAnswer, match="names no page"):
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
)  # fmt: skip
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


def test_a_listing_that_says_nothing_of_its_total_has_none() -> None:
    assert read_page({"databases": []}, "databases", 1).total is None
