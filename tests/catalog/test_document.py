"""The catalog as one file: previewed, applied completely, and once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans.document import read_document, write_document
from services.catalog.plans.rules.changes import CatalogState
from services.catalog.plans.rules.diff import missing_from, plan_changes
from services.catalog.plans.rules.plans import (
    Addon,
    AddonTerms,
    Plan,
    PlanItem,
    PlanVersion,
    PriceTier,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.catalog.plans.seed import seed, seeded
from services.catalog.vocabulary import UNITS, PricingModel, VersionStatus
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NOBODY = UUID(int=0)

qtys = st.decimals(0, 10**9, places=4)
prices = st.decimals(0, 10**6, places=6)
cents = st.integers(0, 10**9)
codes = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
currencies = st.sampled_from(["AUD", "USD"])


@st.composite
def plan_items(draw: st.DrawFn, kind: str) -> PlanItem:
    model = draw(st.sampled_from(PricingModel))
    said: dict[str, Any] = {}
    if model in {PricingModel.GRADUATED, PricingModel.VOLUME}:
        limits = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
        said["tiers"] = tuple(
            PriceTier(Decimal(limit) if limit else None, draw(prices)) for limit in [*limits, 0]
        )
    if model is PricingModel.PACKAGE:
        said["package_qty"] = draw(st.decimals("0.01", 1000, places=2))
    if model in {PricingModel.FLAT, PricingModel.MINIMUM}:
        said["amount_cents"] = draw(cents)
    return PlanItem(
        resource_kind=kind,
        included_qty=draw(qtys),
        overage_unit=draw(st.sampled_from(list(UNITS[kind]))),
        overage_price_cents=draw(prices),
        hard_cap_qty=draw(st.none() | qtys),
        pricing_model=model,
        **said,
    )


@st.composite
def plans(draw: st.DrawFn, code: str) -> Plan:
    version = None
    name = draw(names)
    if draw(st.booleans()):
        kinds = draw(st.lists(st.sampled_from(list(UNITS)), unique=True))
        items = tuple(draw(plan_items(kind)) for kind in kinds)
        terms = VersionTerms(draw(cents), draw(currencies), items)
        version = PlanVersion(NOBODY, code, name, 3, VersionStatus.ACTIVE, terms, NOW, NOW, None)
    return Plan(NOBODY, code, name, NOW, version)


@st.composite
def price_lines(draw: st.DrawFn, kind: str, currency: str) -> list[ResourcePrice]:
    """Prices of a kind in a currency that do not overlap; after some there is a gap."""
    starts = sorted(draw(st.sets(days, max_size=4)))
    found = []
    for start, following in pairwise([*starts, None]):
        assert start is not None
        ends = [following]
        if following is None or following - start > timedelta(1):
            ends.append(start + timedelta(1))
        unit = draw(st.sampled_from(list(UNITS[kind])))
        price = UnitPrice(kind, unit, draw(prices), currency, start, draw(st.sampled_from(ends)))
        found.append(ResourcePrice(NOBODY, price))
    return found


@st.composite
def catalogs(draw: st.DrawFn) -> CatalogState:
    addon_terms = st.builds(
        AddonTerms,
        st.sampled_from(list(UNITS)),
        st.decimals("0.01", 10**6, places=2),
        cents,
        currencies,
    )
    lines = draw(st.sets(st.tuples(st.sampled_from(list(UNITS)), currencies), max_size=3))
    found = tuple(draw(plans(code)) for code in sorted(draw(st.sets(codes, max_size=3))))
    return CatalogState(
        plans=found,
        addons=tuple(
            Addon(NOBODY, code, draw(addon_terms), NOW, NOW)
            for code in sorted(draw(st.sets(codes, max_size=3)))
        ),
        prices=tuple(price for line in sorted(lines) for price in draw(price_lines(*line))),
        newest_versions={plan.code: 3 for plan in found},
    )


@given(catalogs())
@settings(max_examples=100)
def test_an_exported_document_changes_nothing_when_it_is_applied(state: CatalogState) -> None:
    document = read_document(write_document(state))
    assert plan_changes(state, document) == []
    assert missing_from(state, document).prices == ()


@given(catalogs())
@settings(max_examples=50)
def test_an_exported_document_makes_the_same_catalog_elsewhere(state: CatalogState) -> None:
    changes = plan_changes(CatalogState(), read_document(write_document(state)))
    published = sum(plan.active_version is not None for plan in state.plans)
    assert len(changes) == (
        len(state.plans) + 2 * published + len(state.addons) + len(state.prices)
    )
    assert {change.action for change in changes} <= {"create", "publish"}


CHANGED = """
plans:
  - code: studio
    name: Studio
    price_cents: 5500
    currency: AUD
    items:
      - {resource_kind: droplet_hours, included_qty: 1488, overage_unit: hour,
         overage_price_cents: 0.9}
  - {code: mega, name: Mega}
addons:
  - {code: storage_50gb, resource_kind: spaces_gb_month, qty: 60, price_cents: 750, currency: AUD}
resource_prices:
  - {resource_kind: dns_zones, unit: zone, unit_price_cents: 65, currency: AUD,
     effective_from: 2026-06-01}
"""


async def apply(shop: Shop, document: str, **said: Any) -> pb.ApplyCatalogResponse:
    request = pb.ApplyCatalogRequest(document=document, **said)
    return await shop.catalog.ApplyCatalog(request, metadata=shop.operator)


async def export(shop: Shop) -> pb.ExportCatalogResponse:
    return await shop.catalog.ExportCatalog(pb.ExportCatalogRequest(), metadata=shop.operator)


async def test_changes_are_shown_first_made_at_once_and_made_once(shop: Shop) -> None:
    before = await export(shop)
    planned = await apply(shop, CHANGED, validate_only=True)
    assert [(one.action, one.object_type, one.object_key) for one in planned.changes] == [
        ("create", "plan_version", "studio/2"),
        ("publish", "plan_version", "studio/2"),
        ("create", "plan", "mega"),
        ("update", "addon", "storage_50gb"),
        ("create", "resource_price", "dns_zones AUD 2026-06-01"),
    ]
    assert "price_cents 5000 → 5500" in planned.changes[0].differences
    assert "droplet_hours.overage_price_cents 1 → 0.9" in planned.changes[0].differences
    assert list(planned.changes[3].differences) == ["qty 50 → 60"]
    assert await export(shop) == before
    assert planned.state_hash == before.state_hash

    made = await apply(shop, CHANGED, state_hash=planned.state_hash)
    assert made.changes == planned.changes
    after = await export(shop)
    assert made.state_hash == after.state_hash != before.state_hash
    assert list((await apply(shop, CHANGED)).changes) == []
    assert list((await apply(shop, after.document)).changes) == []
    assert await export(shop) == after


@pytest.mark.parametrize("items", ["", ", items: []"])
async def test_a_plan_whose_items_are_not_named_keeps_them(shop: Shop, items: str) -> None:
    before = await apply(shop, CHANGED)
    document = f"plans: [{{code: studio, name: Studio, price_cents: 6000, currency: AUD{items}}}]"
    made = await apply(shop, document)
    assert ("droplet_hours.included_qty 1488 → none" in made.changes[0].differences) == bool(items)
    if not items:
        assert list(made.changes[0].differences) == ["price_cents 5500 → 6000"]
        assert made.state_hash != before.state_hash
        assert "included_qty: '1488'" in (await export(shop)).document
    assert list((await apply(shop, document)).changes) == []


async def test_a_document_previewed_for_another_state_is_not_applied(shop: Shop) -> None:
    shown = (await apply(shop, CHANGED, validate_only=True)).state_hash
    rename = pb.UpdatePlanRequest(code="pro", name="Professional")
    await shop.catalog.UpdatePlan(rename, metadata=shop.operator)
    before = await export(shop)
    assert await refusal(apply(shop, CHANGED, state_hash=shown), reason_of) == (
        "ABORTED",
        "CATALOG_CHANGED",
    )
    assert await export(shop) == before


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("effective_from: 2020-01-01", "PRICE_FIXED"),
        ("effective_from: 2019-01-01, effective_to: 2026-01-01", "PRICE_OVERLAPS"),
    ],
)
async def test_a_document_is_applied_wholly_or_not_at_all(
    shop: Shop, last: str, reason: str
) -> None:
    before = await export(shop)
    price = "resource_kind: droplet_hours, unit: hour, unit_price_cents: 9, currency: AUD"
    document = f"{CHANGED}  - {{{price}, {last}}}\n"
    assert await refusal(apply(shop, document), reason_of) == ("FAILED_PRECONDITION", reason)
    assert await export(shop) == before


DNS = "resource_kind: dns_zones, unit: zone, unit_price_cents: 60, currency: AUD"


async def test_an_open_price_is_ended_and_nothing_else_of_it_is_changed(shop: Shop) -> None:
    ended = f"resource_prices: [{{{DNS}, effective_from: 2020-01-01, effective_to: 2027-01-01}}]"
    made = await apply(shop, ended)
    assert [(one.action, list(one.differences)) for one in made.changes] == [
        ("update", ["effective_to none → 2027-01-01"])
    ]
    assert list((await apply(shop, ended)).changes) == []
    for end in (", effective_to: 2028-01-01", ""):
        other = f"resource_prices: [{{{DNS}, effective_from: 2020-01-01{end}}}]"
        refused = await refusal(apply(shop, other), reason_of)
        assert refused == ("FAILED_PRECONDITION", "PRICE_FIXED")


@pytest.mark.parametrize("end", ["", ", effective_to: 2026-06-01"])
async def test_a_price_ends_where_the_next_one_begins(shop: Shop, end: str) -> None:
    following = DNS.replace("60", "65")
    document = (
        f"resource_prices: [{{{DNS}, effective_from: 2020-01-01{end}}},"
        f" {{{following}, effective_from: 2026-06-01}}]"
    )
    assert [one.action for one in (await apply(shop, document)).changes] == ["create"]
    assert list((await apply(shop, document)).changes) == []
    assert "effective_to: '2026-06-01'" in (await export(shop)).document


@pytest.mark.parametrize("end", ["", ", effective_to: 2027-01-01"])
async def test_a_price_of_some_months_splits_another_that_continues_after_it(
    shop: Shop, end: str
) -> None:
    dear = DNS.replace("60", "65")
    document = (
        f"resource_prices: [{{{DNS}, effective_from: 2020-01-01{end}}},"
        f" {{{dear}, effective_from: 2026-06-01, effective_to: 2026-09-01}}]"
    )
    ended = ["update"] if end else []
    assert [one.action for one in (await apply(shop, document)).changes] == [*ended, "create"]
    assert list((await apply(shop, document)).changes) == []
    exported = (await export(shop)).document
    assert [
        (int(one.unit_price_cents), one.effective_from.isoformat(), str(one.effective_to))
        for one in read_document(exported).prices
        if one.resource_kind == "dns_zones"
    ] == [
        (60, "2020-01-01", "2026-06-01"),
        (65, "2026-06-01", "2026-09-01"),
        (60, "2026-09-01", "2027-01-01" if end else "None"),
    ]
    assert list((await apply(shop, exported)).changes) == []


async def test_a_new_price_keeps_prices_set_for_later_days(shop: Shop) -> None:
    def entry(cents: int, start: str, end: str = "") -> str:
        said = f"{{{DNS.replace('60', str(cents))}, effective_from: {start}"
        return said + (f", effective_to: {end}}}" if end else "}")

    await apply(shop, f"resource_prices: [{entry(65, '2026-06-01', '2026-09-01')}]")
    around = f"resource_prices: [{entry(70, '2026-05-01')}]"
    made = await apply(shop, around)
    assert [one.object_key for one in made.changes] == [
        "dns_zones AUD 2026-05-01",
        "dns_zones AUD 2026-09-01",
    ]
    assert list((await apply(shop, around)).changes) == []
    prices = read_document((await export(shop)).document).prices
    assert [one.unit_price_cents for one in prices if one.resource_kind == "dns_zones"] == [
        60,
        70,
        65,
        70,
    ]
    across = f"resource_prices: [{entry(70, '2026-08-01', '2026-10-01')}]"
    assert await refusal(apply(shop, across), reason_of) == (
        "FAILED_PRECONDITION",
        "PRICE_OVERLAPS",
    )


async def test_the_kind_of_an_addon_is_not_changed(shop: Shop) -> None:
    document = (
        "addons: [{code: storage_50gb, resource_kind: dns_zones, qty: 50, price_cents: 750,"
        " currency: AUD}]"
    )
    refused = await refusal(apply(shop, document), reason_of)
    assert refused == ("FAILED_PRECONDITION", "ADDON_FIXED")


async def test_seeding_again_adds_nothing_and_overwrites_nothing(shop: Shop) -> None:
    assert await seed(shop.database) == []
    await apply(shop, CHANGED)
    before = await export(shop)
    assert await seed(shop.database) == []
    assert await export(shop) == before


def test_the_seed_is_all_that_an_empty_catalog_misses() -> None:
    assert missing_from(CatalogState(), seeded()) == seeded()
