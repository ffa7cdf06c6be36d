"""Usage that nothing prices by its dimensions or day: listed once, and the invoice goes on."""

from typing import Any

import pytest
from arcadia.analytics.v1 import coverage_service_pb2 as coverage_pb
from arcadia.analytics.v1.coverage_service_pb2_grpc import CoverageServiceStub
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb

from tests.analytics.peers import Span, at
from tests.invoicing.test_simulation import Simulating
from tests.invoicing.test_unbilled import unbilled
from tests.invoicing.test_with_the_catalog import Month
from tests.invoicing.test_with_the_catalog import month as month

METAL = """
plans:
  - code: metal
    name: Metal
    price_cents: 1000
    currency: USD
    items:
      - resource_kind: droplet_hours
        match: {size: [s-1vcpu-1gb]}
        included_qty: 100
        overage_unit: hour
        overage_price_cents: 1
"""
NOTHING = "plans: [{code: metal, name: Metal, price_cents: 1000, currency: USD, items: []}]"
PRICE = """
resource_prices:
  - {resource_kind: droplet_hours, unit: hour, unit_price_cents: 2, currency: USD,
     match: {size: [gpu-1]}, effective_from: 2026-04-01}
"""


async def billed_with(month: Month, document: str) -> Any:
    """A droplet of a size with a price and two days of one without, billed for April."""
    shop = month.shop
    apply = catalog_pb.ApplyCatalogRequest(document=document)
    await shop.catalog.ApplyCatalog(apply, metadata=shop.operator)
    deployment = await shop.deploy("shop", shop.acme)
    await shop.subscribe(deployment.id, "metal", token=shop.acme)
    month.inventory.spans += [
        Span(1, at("2026-04-01"), at("2026-05-01"), size="s-1vcpu-1gb"),
        Span(2, at("2026-04-10"), at("2026-04-12"), size="gpu-1"),
    ]
    await month.closed()
    return deployment


def told(found: Any) -> list[tuple[str, str, str, str]]:
    return [(one.day, one.dimensions["size"], one.qty, one.reason) for one in found]


async def test_a_size_that_no_row_matches_is_listed_once_and_the_invoice_goes_on(
    month: Month,
) -> None:
    await billed_with(month, METAL)
    expected = [
        ("2026-04-10", "gpu-1", "24", "not_sold"),
        ("2026-04-11", "gpu-1", "24", "not_sold"),
    ]
    for _ in range(2):
        assert told(await unbilled(month.books)) == expected
        rollup = await month.books.rolled_up()
    assert rollup.failed_count == 0
    assert (rollup.unbilled.usage_count, rollup.unbilled.deployment_count) == (2, 1)
    lines = await month.books.lines_of("acme")
    assert [(line.kind, line.amount_cents) for line in lines if line.kind != "tax"] == [
        ("plan_base", 1000),
        ("overage", 620),
    ]
    stub = CoverageServiceStub(month.metering.channel)
    answer = await stub.GetCoverage(
        coverage_pb.GetCoverageRequest(period="2026-04"), metadata=month.books.operator
    )
    assert {(one.coverage, one.reason): one.qty for one in answer.usage} == {
        ("billed", ""): "720",
        ("unbilled", "not_sold"): "48",
    }


async def test_a_draft_that_sells_it_is_simulated_with_it(month: Month) -> None:
    await billed_with(month, METAL)
    await month.books.rolled_up()
    answer = await Simulating(month).simulate(document=PRICE)
    [acme] = answer.simulated_shares
    [revenue] = acme.revenues
    assert (revenue.before_cents, revenue.after_cents) == (1620, 1620 + 96)


@pytest.mark.parametrize("sizes", [2])
async def test_where_nothing_is_sold_all_usage_is_listed(month: Month, sizes: int) -> None:
    await billed_with(month, NOTHING)
    for _ in range(2):
        found = await unbilled(month.books)
        assert len(found) == 32
        assert {one.reason for one in found} == {"not_sold"}
        assert len({one.dimensions["size"] for one in found}) == sizes
        rollup = await month.books.rolled_up()
    assert (rollup.failed_count, rollup.unbilled.usage_count) == (0, 32)
