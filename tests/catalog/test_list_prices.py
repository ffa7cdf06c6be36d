"""The provider's list prices: by day, changed once, and with the effects on margins."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import grpc
import psycopg
import pytest
from arcadia.catalog.v1 import list_price_service_pb2 as pb
from arcadia.catalog.v1 import quote_service_pb2 as quote_pb
from hypothesis import given
from hypothesis import strategies as st

from kinds.pricing import DATABASE_SIZES
from services.catalog.list_prices.declared import declared_prices
from services.catalog.list_prices.rules.list_prices import (
    ALWAYS,
    ListPrice,
    PricedUnit,
    Source,
    find_price,
    planned_sync,
)
from services.catalog.list_prices.rules.margin_effects import margin_effects, sold_prices
from services.catalog.plans.rules.plans import ResourcePrice
from services.catalog.plans.seed import seeded
from services.catalog.quotes.rules.margin_guard import UNKNOWN, Conversion
from tests.catalog.shop import Shop, refusal

DAY = date(2026, 4, 10)
ID = UUID(int=1)
SMALL = (("size", "s-1vcpu-1gb"),)


def priced(usd: str, dimensions: Any = SMALL, per_qty: str = "672") -> PricedUnit:
    return PricedUnit("droplet_hours", dimensions, Decimal(usd), Decimal(per_qty), Source.API)


def request(on: str = "2026-04-10", **prices: str) -> pb.RecordListPricesRequest:
    return pb.RecordListPricesRequest(
        provider="digitalocean",
        on=on,
        recorded_by="list-prices/digitalocean",
        prices=[
            pb.ListedPrice(
                meter="droplet_hours",
                dimensions={"size": size.replace("_", "-")},
                usd=usd,
                per_qty="672",
            )
            for size, usd in prices.items()
        ],
    )


async def record(shop: Shop, asked: pb.RecordListPricesRequest) -> tuple[int, int, int]:
    answer = await shop.list_prices.RecordListPrices(asked, metadata=shop.worker)
    return answer.added_count, answer.changed_count, answer.unchanged_count


async def listed(shop: Shop, **said: Any) -> list[pb.ListPrice]:
    asked = pb.ListListPricesRequest(page_size=500, **said)
    answer = await shop.list_prices.ListListPrices(asked, metadata=shop.operator)
    return list(answer.list_prices)


def test_the_declared_table_agrees_with_the_prices_of_resources() -> None:
    declared = declared_prices("digitalocean")
    nodes = {
        (dict(one.dimensions)["size"], int(dict(one.dimensions)["nodes"])): one.usd
        for one in declared
        if one.meter == "database_hours"
    }
    assert nodes == {
        (size, count): usd * count for size, usd in DATABASE_SIZES.items() for count in (1, 2, 3)
    }
    balancers = [one for one in declared if one.meter == "load_balancer_hours"]
    assert [one.usd for one in balancers] == [12 * count for count in range(1, 101)]
    free = find_price(declared, "dns_zones", ())
    assert free is not None
    assert free.unit_usd == 0


def test_the_price_with_the_most_dimensions_of_those_that_match_wins() -> None:
    any_size, small = priced("9", ()), priced("6")
    here = (("region", "nyc3"), *SMALL)

    assert find_price([any_size, small], "droplet_hours", here) == small
    assert find_price([any_size, small], "droplet_hours", (("size", "c-2"),)) == any_size
    assert find_price([small], "droplet_hours", ()) is None
    assert find_price([small], "volume_gb_month", here) is None


def test_equal_unit_prices_of_other_quantities_are_no_change() -> None:
    known = ListPrice(ID, "digitalocean", priced("24"), ALWAYS, None)
    sync = planned_sync([known], [], [priced("1", per_qty="28")], DAY)
    assert (sync.added, sync.changed, sync.unchanged_count) == ([], [], 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.dictionaries(st.sampled_from("abc"), st.integers(0, 3))),
        max_size=12,
    )
)
def test_on_each_day_the_price_is_the_last_one_recorded_until_then(
    syncs: list[tuple[int, dict[str, int]]],
) -> None:
    syncs = sorted(syncs, key=lambda one: one[0])
    rows: list[ListPrice] = []
    for offset, told in syncs:
        on = DAY + timedelta(days=offset)
        wanted = [priced(str(usd), (("size", size),)) for size, usd in told.items()]
        sync = planned_sync(rows, [], wanted, on)
        for before, after, day in sync.changed:
            rows.remove(before)
            if before.effective_from < day:
                ended = ListPrice(before.id, "p", before.price, before.effective_from, day)
                rows.append(ended)
            rows.append(ListPrice(ID, "p", after, day, None))
        rows += [ListPrice(ID, "p", one, ALWAYS, None) for one in sync.added]

    for offset in range(41):
        day = DAY + timedelta(days=offset)
        for size in "abc":
            told_until = [told[size] for at, told in syncs if at <= offset and size in told]
            ever = [told[size] for _, told in syncs if size in told]
            expected = told_until[-1:] or ever[:1]
            in_force = [
                int(row.price.usd)
                for row in rows
                if row.price.dimensions == (("size", size),)
                and row.effective_from <= day
                and (row.effective_to is None or day < row.effective_to)
            ]
            # Two changes on the first day of a price leave the last one for every earlier day.
            assert in_force == expected or (not told_until and len(in_force) == 1)


def test_a_change_says_the_margin_of_each_price_that_sells_the_meter() -> None:
    sold = [*sold_prices([], [ResourcePrice(ID, one) for one in seeded().prices], DAY)]
    [effect] = margin_effects(
        priced("6"), priced("3.36"), sold, {"AUD": Conversion(Decimal("1.5"))}
    )

    # 1.5 cents an hour, which costs 1.339 cents before and 0.75 after.
    assert (effect.kind, effect.name, effect.unit_price_cents) == (
        "resource_price", "droplet_hours", Decimal("1.5"),
    )  # fmt: skip
    assert (effect.margin_percent_before, effect.margin_percent_after) == (
        Decimal("10.7"), Decimal("50.0"),
    )  # fmt: skip
    [unknown] = margin_effects(priced("6"), priced("3.36"), sold, {"AUD": UNKNOWN})
    assert (unknown.margin_percent_before, unknown.margin_percent_after) == (None, None)


def test_a_change_of_a_sizes_price_affects_the_price_of_that_size() -> None:
    sold = [*sold_prices([], [ResourcePrice(ID, one) for one in seeded().prices], DAY)]
    size = (("size", "s-2vcpu-4gb"),)
    [effect] = margin_effects(priced("24", size), priced("48", size), sold, {"AUD": Conversion()})
    # 8.2 cents an hour, which costs 3.571 cents before and 7.143 after.
    assert (effect.name, effect.unit_price_cents) == (
        "droplet_hours size=s-2vcpu-4gb",
        Decimal("8.2"),
    )
    assert (effect.margin_percent_before, effect.margin_percent_after) == (
        Decimal("56.4"),
        Decimal("12.9"),
    )


async def test_a_second_sync_of_the_same_prices_writes_nothing(shop: Shop) -> None:
    added, changed, _ = await record(shop, request(s_1vcpu_1gb="6", s_2vcpu_4gb="24"))
    assert (added, changed) == (2 + len(declared_prices("digitalocean")), 0)
    rows = shop.rows("SELECT * FROM list_prices ORDER BY id")

    assert await record(shop, request("2026-04-11", s_1vcpu_1gb="6", s_2vcpu_4gb="24")) == (
        0, 0, added,
    )  # fmt: skip
    assert shop.rows("SELECT * FROM list_prices ORDER BY id") == rows
    assert shop.rows("SELECT count(*) FROM list_price_changes") == [(0,)]


async def test_a_changed_price_closes_the_old_row_and_opens_a_new_one(shop: Shop) -> None:
    await record(shop, request(s_1vcpu_1gb="6", s_2vcpu_4gb="24"))
    shop.clock.set("2026-04-15")
    counts = await record(shop, request("2026-04-15", s_1vcpu_1gb="7", s_2vcpu_4gb="24"))

    assert counts[:2] == (0, 1)
    found = [
        (one.usd, one.effective_from, one.effective_to)
        for one in await listed(shop, meter="droplet_hours")
        if one.dimensions["size"] == "s-1vcpu-1gb"
    ]
    assert found == [("7", "2026-04-15", ""), ("6", "2000-01-01", "2026-04-15")]
    on = await listed(shop, meter="droplet_hours", in_force_on="2026-04-14")
    assert {one.dimensions["size"]: one.usd for one in on} == {
        "s-1vcpu-1gb": "6", "s-2vcpu-4gb": "24",
    }  # fmt: skip


async def test_a_change_is_an_event_with_its_margins_and_is_never_rewritten(shop: Shop) -> None:
    await record(shop, request(s_1vcpu_1gb="6"))
    shop.clock.set("2026-04-15")
    await record(shop, request("2026-04-15", s_1vcpu_1gb="7"))
    asked = pb.ListListPriceChangesRequest(meter="droplet_hours")
    answer = await shop.list_prices.ListListPriceChanges(asked, metadata=shop.operator)

    [change] = answer.list_price_changes
    assert (change.before.usd, change.after.usd, change.effective_on) == ("6", "7", "2026-04-15")
    assert change.changed_by == "list-prices/digitalocean"
    assert change.changed_at.ToDatetime().isoformat() == "2026-04-15T12:00:00"
    names = [(effect.kind, effect.name) for effect in change.margin_effects]
    assert names == [
        ("plan_item", "pro v1"), ("plan_item", "starter v1"), ("plan_item", "studio v1"),
        ("resource_price", "droplet_hours"),
    ]  # fmt: skip
    with pytest.raises(psycopg.errors.RestrictViolation):
        shop.rows("UPDATE list_price_changes SET changed_by = 'nobody' RETURNING 1")


async def test_a_quote_knows_the_cost_of_what_has_a_list_price(shop: Shop) -> None:
    asked = quote_pb.CreateQuoteRequest(plan_code="studio", starts_on="2026-04-01")
    asked.projected_usage["volume_gb_month"].number_value = 100
    unknown = []
    for _ in range(2):
        quote = await shop.quotes.CreateQuote(asked, metadata=shop.operator)
        unknown.append(list(quote.margin_guard.unknown_kinds))
        await record(shop, request())

    assert unknown == [["volume_gb_month"], []]


async def test_two_changes_on_a_day_leave_the_last_one(shop: Shop) -> None:
    await record(shop, request(s_1vcpu_1gb="6"))
    for usd in ("7", "8"):
        await record(shop, request("2026-04-15", s_1vcpu_1gb=usd))

    found = [(one.usd, one.effective_from) for one in await listed(shop, meter="droplet_hours")]
    assert found == [("8", "2026-04-15"), ("6", "2000-01-01")]
    assert shop.rows("SELECT count(*) FROM list_price_changes") == [(2,)]


async def test_a_size_that_the_api_no_longer_lists_keeps_its_price(shop: Shop) -> None:
    await record(shop, request(s_1vcpu_1gb="6", s_2vcpu_4gb="24"))
    await record(shop, request("2026-04-11", s_2vcpu_4gb="24"))

    assert len(await listed(shop, meter="droplet_hours", in_force_on="2026-04-12")) == 2


async def test_pages_have_each_price_once(shop: Shop) -> None:
    await record(shop, request(s_1vcpu_1gb="6", s_2vcpu_4gb="24"))
    everything, token, seen = await listed(shop), "", list[str]()
    while True:
        asked = pb.ListListPricesRequest(page_size=50, page_token=token)
        answer = await shop.list_prices.ListListPrices(asked, metadata=shop.operator)
        seen += [one.id for one in answer.list_prices]
        token = answer.next_page_token
        if not token:
            break
    assert seen == [one.id for one in everything]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("prices[0].usd", {"usd": "-1"}),
        ("prices[0].per_qty", {"per_qty": "0"}),
        ("prices[0].meter", {"meter": "magic"}),
        ("prices[1].dimensions", {}),
    ],
)
async def test_a_wrong_price_is_refused_by_its_field_and_nothing_is_written(
    shop: Shop, field: str, wrong: dict[str, str]
) -> None:
    asked = request(s_1vcpu_1gb="6")
    asked.prices.add().CopyFrom(asked.prices[0])
    for name, value in wrong.items():
        setattr(asked.prices[0], name, value)
    call = shop.list_prices.RecordListPrices(asked, metadata=shop.worker)
    status, told = await refusal(call, lambda error: error.details() or "")

    assert (status, told.partition(":")[0]) == ("INVALID_ARGUMENT", field)
    assert shop.rows("SELECT count(*) FROM list_prices") == [(0,)]


async def test_tenants_see_no_list_price_and_only_the_worker_records(shop: Shop) -> None:
    calls: list[Any] = [
        shop.list_prices.ListListPrices(pb.ListListPricesRequest(), metadata=shop.acme),
        shop.list_prices.ListListPriceChanges(pb.ListListPriceChangesRequest(), metadata=shop.acme),
        shop.list_prices.RecordListPrices(request(), metadata=shop.operator),
    ]
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError):
            await call
