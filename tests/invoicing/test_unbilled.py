"""Unbilled usage is listed by deployment, kind and day, with its value."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import unbilled_usage_service_pb2 as pb
from arcadia.analytics.v1.unbilled_usage_service_pb2_grpc import UnbilledUsageServiceStub
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.invoicing.unbilled.rules import Covered, days_of_runs, unbilled_series
from services.analytics.usage.rules.figures import UsageRun, UsageSeries
from services.common.values.periods import Period
from tests.invoicing.books import APRIL, Books, Token
from tests.invoicing.catalog import Subscription

FIRST = date(2026, 4, 1)


async def unbilled(books: Books, token: Token | None = None, **wanted: Any) -> list[Any]:
    """All pages, as `tenant slug kind day qty value`."""
    stub: Any = UnbilledUsageServiceStub(books.channel)
    found: list[Any] = []
    page = ""
    while True:
        request = pb.ListUnbilledUsageRequest(**{"period": APRIL, **wanted, "page_token": page})
        answer = await stub.ListUnbilledUsage(request, metadata=token or books.operator)
        found += answer.unbilled_usage
        if not (page := answer.next_page_token):
            return found


def told(one: Any) -> tuple[Any, ...]:
    value = one.value_cents if one.HasField("value_cents") else None
    return one.deployment_id, one.resource_kind, one.day[-2:], one.qty, value


async def test_unbilled_days_are_listed_with_their_value(books: Books) -> None:
    """Before it began, after it ended and without any subscription; days of a trial are free."""
    shop = Subscription("acme", "shop", starts_on="2026-04-10", ends_on="2026-04-20")
    trial = Subscription("acme", "trial", trial_until="2026-04-15", ends_on="2026-04-15")
    orphan = Subscription("globex", "orphan")
    books.catalog.subscriptions = [shop, trial]
    books.catalog.prices = {"droplet_hours": Decimal("0.4")}
    for day in ("2026-04-09", "2026-04-10", "2026-04-19", "2026-04-20"):
        books.used(shop, "droplet_hours", "24", day=day)
    for day in ("2026-04-14", "2026-04-15"):
        books.used(trial, "llm_tokens", "1000", day=day)
    books.used(orphan, "droplet_hours", "12", day="2026-04-30")
    books.used(orphan, "droplet_hours", "24", day="2026-05-01")
    books.used(orphan, "dns_zones", "0", day="2026-04-30")
    expected = [
        (trial.deployment_id, "llm_tokens", "15", "1000", None),
        *((shop.deployment_id, "droplet_hours", day, "24", "9.6") for day in ("09", "20")),
        (orphan.deployment_id, "droplet_hours", "30", "12", "4.8"),
    ]
    # A running month knows it as well as one that is billed.
    for _ in range(2):
        found = await unbilled(books)
        assert sorted(map(told, found)) == sorted(expected)
        assert {one.currency for one in found} == {"AUD"}
        rollup = await books.rolled_up()
    total = rollup.unbilled
    assert (total.deployment_count, total.usage_count, total.unpriced_count) == (3, 4, 1)
    assert (total.value_cents, total.currency) == ("24", "AUD")
    listed = await unbilled(books, deployment_id=shop.deployment_id)
    assert [told(one) for one in listed] == expected[1:3]
    own = await unbilled(books, books.tenant("globex"))
    assert [told(one) for one in own] == expected[3:]
    assert await unbilled(books, books.tenant("globex"), tenant_id="acme") == []


async def test_unbilled_usage_is_listed_by_its_dimensions(books: Books) -> None:
    orphan = Subscription("acme", "orphan")
    books.catalog.prices = {"droplet_hours": Decimal("0.4")}
    for size in ("s-1", "s-2"):
        books.used(orphan, "droplet_hours", "24", size=size, region="syd1")
    books.used(orphan, "droplet_hours", "12")
    for page_size in (1, 2, 50):
        listed = await unbilled(books, page_size=page_size)
        assert [(dict(one.dimensions), one.qty, one.value_cents) for one in listed] == [
            ({"region": "syd1", "size": "s-1"}, "24", "9.6"),
            ({"region": "syd1", "size": "s-2"}, "24", "9.6"),
            ({}, "12", "4.8"),
        ]


async def test_usage_of_a_kind_that_is_not_sold_is_listed_as_unbilled_before_and_after_the_bill(
    books: Books,
) -> None:
    sold = frozenset({"droplet_hours", "llm_tokens"})
    shop = Subscription("acme", "shop", trial_until="2026-04-10", sold_kinds=sold)
    blog = Subscription("globex", "blog", sold_kinds=sold)
    books.catalog.subscriptions = [shop, blog]
    books.used(shop, "droplet_hours", "24", day="2026-04-12")
    books.used(shop, "dns_zones", "0.1", day="2026-04-09")  # free by the trial
    books.used(shop, "dns_zones", "0.1", day="2026-04-12")
    books.used(blog, "droplet_hours", "24", day="2026-04-12")
    expected = [(shop.deployment_id, "dns_zones", "12", "0.1", None)]
    for _ in range(2):
        assert [told(one) for one in await unbilled(books)] == expected
        rollup = await books.rolled_up()
    assert (rollup.unbilled.usage_count, rollup.unbilled.unpriced_count) == (1, 1)


async def test_a_deployment_is_found_by_its_id_and_by_its_slug(books: Books) -> None:
    shop = Subscription("acme", "shop", starts_on="2026-04-10")
    books.catalog.subscriptions = [shop]
    books.used(shop, "droplet_hours", "24", day="2026-04-09")
    books.execute(
        "INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty, fact_count,"
        " facts_hash, metered_at) VALUES ('2026-04-08', 'acme', 'shop', 'llm_tokens', 5, 1, 'x',"
        " now())"
    )
    for name in (shop.deployment_id, "shop"):
        found = await unbilled(books, deployment_id=name, tenant_id="acme")
        assert {one.day for one in found} == {"2026-04-08", "2026-04-09"}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_of_any_size_are_the_whole_list_in_order(books: Books, size: int) -> None:
    for tenant in ("a", "b", "b-1", "c"):
        for slug in ("x", "y"):
            for day in ("2026-04-01", "2026-04-02"):
                books.used(Subscription(tenant, slug), "llm_tokens", "1", day=day)
    found = [
        (one.tenant_id, one.deployment_id, one.resource_kind, one.day)
        for one in await unbilled(books, page_size=size)
    ]
    assert found == sorted(set(found))
    assert len(found) == 16


async def test_an_odd_quantity_has_no_value_and_hides_none_of_the_others(books: Books) -> None:
    books.catalog.most = Decimal(1000)
    books.catalog.prices = {"llm_tokens": Decimal(1)}
    for tenant, qty in (("a", "10"), ("b", "1001"), ("c", "20")):
        books.used(Subscription(tenant, "app"), "llm_tokens", qty)
    assert [told(one)[3:] for one in await unbilled(books)] == [
        ("10", "10"),
        ("1001", None),
        ("20", "20"),
    ]
    rollup = await books.drafted()
    assert (rollup.unbilled.value_cents, rollup.unbilled.unpriced_count) == ("30", 1)


async def test_only_a_valid_month_is_accepted(books: Books) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unbilled(books, period="2026-04-02")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 10)).map(
        lambda span: Period(
            FIRST + timedelta(days=span[0]), FIRST + timedelta(days=span[0] + span[1])
        )
    ),
    max_size=4,
)
lengths = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=4)


@given(lengths, spans)
def test_each_day_of_usage_is_covered_or_unbilled(
    runs: list[tuple[int, int]], covered: list[Period]
) -> None:
    made, day = [], FIRST
    for gap, length in runs:
        day += timedelta(days=gap)
        made.append(UsageRun(day, length, Decimal(length)))
        day += timedelta(days=length)
    series = UsageSeries("acme", "shop", "llm_tokens", tuple(made), "h")
    left = unbilled_series([series], {("acme", "shop"): [*map(Covered, covered)]})
    expected = [
        (one, qty)
        for one, qty in days_of_runs(series.runs)
        if not any(one in span for span in covered)
    ]
    assert [each for one in left for each in days_of_runs(one.runs)] == expected
