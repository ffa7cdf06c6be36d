"""Usage keeps its dimensions from the fact to the priced figure."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import grpc
import pytest
from arcadia.analytics.v1 import usage_service_pb2 as usage_pb

from services.analytics.usage.rules.dimensions import json_of
from services.analytics.usage.store.periods import usage_of_period
from services.analytics.usage.store.reading import UsageFilter, list_usage
from services.common.identity.callers import ALL
from services.common.rpc.paging import first_page
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, reason_of, yesterday
from tests.analytics.peers import SHOP, Span, at

APRIL = Period.month(2026, 4)
DAY = "2026-04-10"
SMALL = {"region": "syd1", "size": "s-1vcpu-1gb"}
LARGE = {"region": "syd1", "size": "s-4vcpu-8gb"}


def droplet(number: int, dimensions: dict[str, str], until: str = "2026-05-01") -> Span:
    return Span(
        number, at("2026-04-01"), at(until), size=dimensions.get("size", ""),
        fields={key: value for key, value in dimensions.items() if key != "size"},
    )  # fmt: skip  # a table


async def figures(analytics: Analytics) -> list[tuple[str, dict[str, str], str]]:
    found = await analytics.figures()
    return [(one.resource_kind, dict(one.dimensions), one.qty) for one in found]


async def test_a_day_has_a_figure_for_each_of_its_dimensions(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1, SMALL), droplet(2, LARGE), droplet(3, SMALL)]
    await analytics.meter(DAY)
    assert await figures(analytics) == [
        ("droplet_hours", SMALL, "48"),
        ("droplet_hours", LARGE, "24"),
    ]
    small, large = await analytics.figures()
    names = [
        {fact.resource_name for fact in await analytics.facts(one.id)} for one in (small, large)
    ]
    assert names == [{"droplet-1", "droplet-3"}, {"droplet-2"}]
    assert small.facts_hash != large.facts_hash


async def test_the_hash_of_facts_without_dimensions_is_as_it_was_before_there_were_any(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1, {})]
    await analytics.meter(DAY)
    [figure] = await analytics.figures()
    assert (dict(figure.dimensions), figure.qty) == ({}, "24")
    first, last = (at(day).timestamp() for day in (DAY, "2026-04-11"))
    line = f"interval {UUID(int=1)} {first:.6f} {last:.6f} - 24"
    assert figure.facts_hash == hashlib.sha256(line.encode()).hexdigest()


async def test_a_resource_has_a_fact_for_each_of_the_dimensions_of_its_parts(
    analytics: Analytics,
) -> None:
    spec = {
        "services": [{"instance_size_slug": "apps-s-1vcpu-1gb", "instance_count": 2}],
        "workers": [{"instance_size_slug": "apps-s-1vcpu-0.5gb"}, {}],
    }
    fields = {"attrs.spec": json.dumps(spec), "region": "syd"}
    analytics.peers.spans = [Span(1, at(DAY), at("2026-05-01"), kind="app", fields=fields)]
    await analytics.meter(DAY)
    assert await figures(analytics) == [
        ("app_container_hours", {"region": "syd"}, "24"),
        ("app_container_hours", {"region": "syd", "size": "apps-s-1vcpu-0.5gb"}, "24"),
        ("app_container_hours", {"region": "syd", "size": "apps-s-1vcpu-1gb"}, "48"),
    ]


async def test_figures_of_a_day_are_listed_page_by_page_in_the_order_of_their_dimensions(
    analytics: Analytics,
) -> None:
    sizes = [{"region": "syd1", "size": f"s-{number}"} for number in range(5)]
    analytics.peers.spans = [droplet(number, one) for number, one in enumerate(sizes)]
    await analytics.meter(DAY)
    seen, token = [], ""
    while True:
        request = usage_pb.ListDailyUsageRequest(page_size=2, page_token=token)
        answer = await analytics.usage.ListDailyUsage(request, metadata=analytics.operator)
        seen += [dict(one.dimensions) for one in answer.daily_usage]
        if not (token := answer.next_page_token):
            break
    assert seen == sizes


async def test_usage_is_priced_as_one_series_for_each_of_its_dimensions(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = [droplet(1, SMALL), droplet(2, LARGE, until="2026-04-11")]
    await analytics.meter("2026-04-10")
    await analytics.meter("2026-04-11")
    async with analytics.database.read(ALL) as session:
        series = await usage_of_period(session, APRIL, ["acme"])
    assert [
        (dict(one.dimensions), [(run.first_day.day, run.days, run.qty) for run in one.runs])
        for one in series
    ] == [
        (SMALL, [(10, 2, Decimal(24))]),
        (LARGE, [(10, 1, Decimal(24))]),
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"size": "s-1vcpu-1gb"}, [SMALL]),
        ({"region": "syd1", "size": "s-1vcpu-1gb, s-4vcpu-8gb"}, [SMALL, LARGE]),
        ({"size": "s-4*"}, [LARGE]),
        ({"size": "s_1vcpu-1gb"}, []),
        ({"size": "*"}, [SMALL, LARGE]),
        ({"image_kind": "*"}, []),
        ({}, [SMALL, LARGE, {"region": "syd1"}]),
    ],
)
async def test_usage_is_found_by_the_dimensions_of_a_line(
    analytics: Analytics, wanted: dict[str, str], found: list[dict[str, str]]
) -> None:
    analytics.peers.spans = [droplet(1, SMALL), droplet(2, LARGE), droplet(3, {"region": "syd1"})]
    await analytics.meter(DAY)
    async with analytics.database.read(ALL) as session:
        filtered = UsageFilter(tenant_id="acme", dimensions=wanted)
        listed = (await list_usage(session, ALL, filtered, first_page(10))).rows
    assert sorted(map(json_of, (one.dimensions for one in listed))) == sorted(map(json_of, found))


async def test_usage_is_listed_by_some_of_its_dimensions(analytics: Analytics) -> None:
    analytics.peers.spans = [droplet(1, SMALL), droplet(2, LARGE), droplet(3, {})]
    await analytics.meter(DAY)
    listed = await analytics.figures(dimensions="region=syd1;size=s-4*")
    assert [dict(one.dimensions) for one in listed] == [LARGE]
    assert len(await analytics.figures(dimensions="size=s-1vcpu-1gb,s-4vcpu-8gb")) == 2


@pytest.mark.parametrize(
    ("dimensions", "reason"),
    [
        ("colour=red", "UNKNOWN_DIMENSION"),
        ("size", "MALFORMED_VALUE"),
        ("size=", "MALFORMED_VALUE"),
        ("size=a;", "MALFORMED_VALUE"),
        ("size=a;size=b", "MALFORMED_VALUE"),
    ],
)
async def test_a_filter_by_an_unknown_dimension_or_without_a_value_is_refused(
    analytics: Analytics, dimensions: str, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.figures(dimensions=dimensions)
    assert reason_of(refused.value) == reason


async def _closed(analytics: Analytics, *spans: Span) -> None:
    analytics.peers.spans = list(spans)
    await analytics.meter_month(APRIL)
    await analytics.close("2026-04-01")


async def test_dimensions_that_appear_when_a_closed_day_is_metered_again_are_no_late_usage(
    analytics: Analytics,
) -> None:
    """As after the release that keeps dimensions, or with a key that was unknown before."""
    in_sydney = {"region": "syd1"}
    await _closed(analytics, droplet(1, {}), droplet(2, {}))
    for known in (in_sydney, SMALL):
        analytics.peers.spans = [droplet(1, known), droplet(2, in_sydney)]
        await analytics.meter(DAY)
        assert await analytics.used(from_day=DAY, to_day="2026-04-11") == {"droplet_hours": 48}
        assert await analytics.changes() == []
    analytics.peers.spans = [droplet(1, SMALL)]
    await analytics.meter(DAY)
    assert await analytics.changes() == [("acme", SHOP.id, "2026-04-01", "usage")]


async def test_a_dimension_that_is_corrected_in_a_closed_month_is_a_change_of_it(
    analytics: Analytics,
) -> None:
    await _closed(analytics, droplet(1, SMALL), droplet(2, LARGE))
    await analytics.meter(DAY)
    assert await analytics.changes() == []
    analytics.peers.spans = [droplet(1, SMALL), droplet(2, SMALL)]
    await analytics.meter(DAY)
    assert await analytics.used(from_day=DAY, to_day="2026-04-11") == {"droplet_hours": 48}
    assert await analytics.changes() == [("acme", SHOP.id, "2026-04-01", "usage")]


async def test_events_have_the_dimensions_that_their_meter_declares(analytics: Analytics) -> None:
    await analytics.send(
        event("a", dimensions={"model": "large"}),
        event("b", dimensions={"model": "small"}),
        event("c", dimensions={"model": "large"}),
        event("d"),
    )
    assert await figures(analytics) == [
        ("llm_tokens", {}, "1000"),
        ("llm_tokens", {"model": "large"}, "2000"),
        ("llm_tokens", {"model": "small"}, "1000"),
    ]
    figure = (await analytics.figures())[1]
    assert {fact.event_key for fact in await analytics.facts(figure.id)} == {"a", "c"}


@pytest.mark.parametrize(
    ("dimensions", "reason", "message"),
    [
        (
            {"colour": "red"},
            "UNKNOWN_DIMENSION",
            "dimensions.colour: is not declared by llm_tokens, whose dimensions are: model",
        ),
        ({"model": ""}, "MALFORMED_VALUE", "dimensions.model: is not 1 to 100"),
        ({"model": "a,model=b"}, "MALFORMED_VALUE", "dimensions.model: is not 1 to 100"),
        ({"model": "x" * 101}, "MALFORMED_VALUE", "dimensions.model: is not 1 to 100"),
    ],
)
async def test_an_event_with_an_invalid_dimension_is_refused_by_the_name_of_the_dimension(
    analytics: Analytics, dimensions: dict[str, str], reason: str, message: str
) -> None:
    receipt = await analytics.send(event("a", dimensions=dimensions), event("b"))
    [refused] = receipt.refused
    assert (refused.index, refused.reason) == (0, reason)
    assert refused.message.startswith(message)
    assert await analytics.used() == {"llm_tokens": 1000}


async def test_a_meter_without_dimensions_refuses_them_all(analytics: Analytics) -> None:
    receipt = await analytics.send(event("a", kind="dns_zones", dimensions={"region": "syd1"}))
    [refused] = receipt.refused
    assert refused.message.endswith("whose dimensions are: none")


async def test_a_key_that_is_sent_again_with_other_dimensions_is_refused(
    analytics: Analytics,
) -> None:
    await analytics.send(event("a", dimensions={"model": "large"}))
    again = await analytics.send(event("a", dimensions={"model": "large"}))
    assert (again.duplicate_count, len(again.refused)) == (1, 0)
    for other in ({"model": "small"}, None):
        receipt = await analytics.send(event("a", dimensions=other))
        assert [one.reason for one in receipt.refused] == ["KEY_REUSED"]
    assert await figures(analytics) == [("llm_tokens", {"model": "large"}, "1000")]


async def test_a_voided_event_leaves_the_figure_of_its_dimensions_and_keeps_them(
    analytics: Analytics,
) -> None:
    await analytics.send(
        event("a", dimensions={"model": "large"}), event("b", dimensions={"model": "small"})
    )
    answer = await analytics.void("a")
    assert [dict(one.dimensions) for one in answer.voided] == [{"model": "large"}]
    [listed] = (await analytics.voided()).voided_events
    assert dict(listed.dimensions) == {"model": "large"}
    assert await figures(analytics) == [("llm_tokens", {"model": "small"}, "1000")]


async def test_an_event_sent_again_with_its_model_in_a_closed_month_is_a_change_of_the_month(
    analytics: Analytics,
) -> None:
    """The sum stays the same, but a price by model may now apply."""
    day = yesterday()
    month = month_of(date.fromisoformat(day))
    await analytics.send(event("wrong", day=day))
    analytics.execute("INSERT INTO metering_months VALUES (%s, now())", month.start)
    await analytics.send(event("right", day=day, dimensions={"model": "large"}))
    assert await analytics.changes() == []
    await analytics.void("wrong")
    assert await analytics.used() == {"llm_tokens": 1000}
    assert await analytics.changes() == [("acme", SHOP.id, str(month.start), "usage")]
