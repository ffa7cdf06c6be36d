"""The seeded catalog: what it sells, and that it sells nothing below cost."""

from decimal import Decimal
from fractions import Fraction

import pytest

from kinds.metering import METERS
from kinds.pricing import APP_SIZES, DROPLET_SIZES
from providers.digitalocean.simulator.world.catalog import SIZES
from services.catalog.list_prices.declared import declared_prices
from services.catalog.plans.rules.matches import winner
from services.catalog.plans.rules.plans import PlanItem, UnitPrice
from services.catalog.plans.seed import seeded

HOURS = "droplet_hours"

AT_PARITY = {("droplet_hours", ()), ("spaces_gb_month", ())}
"""Prices that cover the list price at parity, and not at the rate of the seed: those of the
specified figures, and the ones that go with them."""


def list_prices() -> list[tuple[str, dict[str, str], Fraction]]:
    """Every list price of the provider: meter, dimensions, and USD a unit."""
    declared = [
        (one.meter, dict(one.dimensions), one.unit_usd) for one in declared_prices("digitalocean")
    ]
    return declared + [
        (meter, {"size": size}, Fraction(monthly) / 672)
        for meter, sizes in ((HOURS, DROPLET_SIZES), ("app_container_hours", APP_SIZES))
        for size, monthly in sizes.items()
    ]


def usd_an_hour(size: str) -> Fraction:
    """What the provider charges at most for an hour: a month counts 672 of them."""
    return Fraction(DROPLET_SIZES[size]) / 672


@pytest.mark.parametrize("size", sorted({*DROPLET_SIZES, *SIZES}))
def test_the_seed_sells_no_size_below_its_list_price(size: str) -> None:
    document = seeded()
    rows: list[tuple[str, list[PlanItem | UnitPrice]]] = [
        (entry.code, [one for one in entry.terms.items if one.resource_kind == HOURS])
        for entry in document.plans
        if entry.terms is not None
    ]
    rows.append(("ad hoc", [one for one in document.prices if one.resource_kind == HOURS]))
    for _, of_plan in rows:
        row = winner(of_plan, {"size": size, "region": "syd1", "image_kind": "base"})
        assert row is not None
        cents = row.overage_price_cents if isinstance(row, PlanItem) else row.unit_price_cents
        assert Fraction(cents) >= usd_an_hour(size) * 100
        if row.match:  # with the rate and the margin that the seed states
            assert Fraction(cents) * Fraction("0.7") >= usd_an_hour(size) * 100 * Fraction("1.6")


def test_the_seed_sells_everything_that_has_a_list_price_and_nothing_below_it() -> None:
    document = seeded()
    for meter, dimensions, usd in list_prices():
        rows = [one for one in document.prices if one.resource_kind == meter]
        sold: list[PlanItem | UnitPrice | None] = [winner(rows, dimensions)]
        for entry in document.plans:
            items = [one for one in entry.terms.items if one.resource_kind == meter]  # type: ignore[union-attr]
            sold += [winner(items, dimensions)] if items else []
        for row in sold:
            assert row is not None, (meter, dimensions)
            cents = row.overage_price_cents if isinstance(row, PlanItem) else row.unit_price_cents
            rate = 1 if (meter, row.match) in AT_PARITY else Fraction("1.6")
            assert Fraction(cents) >= usd * 100 * rate, (meter, dimensions)


def test_the_seed_sells_every_meter() -> None:
    assert {one.resource_kind for one in seeded().prices} == {*METERS}


@pytest.mark.parametrize(
    ("meter", "dimensions", "cents"),
    [
        ("load_balancer_hours", {}, "4.1"),
        ("load_balancer_hours", {"size": "3"}, "12.3"),
        ("database_hours", {"size": "db-s-2vcpu-4gb", "nodes": "2", "engine": "pg"}, "40.9"),
        ("database_hours", {"size": "gd-2vcpu-8gb", "nodes": "1"}, None),
        ("app_container_hours", {}, "1.8"),
        ("app_container_hours", {"size": "apps-d-16vcpu-64gb"}, "133.4"),
    ],
)
def test_what_is_not_listed_is_sold_at_the_dearest_price_of_its_family_or_has_none(
    meter: str, dimensions: dict[str, str], cents: str | None
) -> None:
    rows = [one for one in seeded().prices if one.resource_kind == meter]
    row = winner(rows, dimensions)
    assert (row and row.unit_price_cents) == (cents and Decimal(cents))


def test_the_seed_has_the_flat_price_for_the_smallest_sizes_and_usage_without_a_size() -> None:
    for entry in seeded().plans:
        assert entry.terms is not None
        items = [one for one in entry.terms.items if one.resource_kind == HOURS]
        for dimensions in ({}, {"size": "s-1vcpu-1gb"}, {"size": "s-1vcpu-512mb-10gb"}):
            row = winner(items, dimensions)
            assert row is not None
            assert (row.match, row.overage_price_cents) == ((), Decimal(1))
        unknown = winner(items, {"size": "gpu-b300x8"})
        assert unknown is not None
        assert unknown.match == (("size", ("gpu-*",)),)


def test_every_dimension_of_a_seeded_match_is_declared() -> None:
    for price in seeded().prices:
        assert {key for key, _ in price.match} <= {*METERS[price.resource_kind].dimensions}
