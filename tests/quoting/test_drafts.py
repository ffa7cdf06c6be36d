"""A draft of the catalog applied to the frozen inputs of billed months."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given

from services.catalog.plans.rules.changes import (
    AddonEntry,
    CatalogDocument,
    CatalogState,
    PlanEntry,
)
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.plans.rules.plans import (
    Addon,
    AddonTerms,
    Plan,
    PlanItem,
    PlanVersion,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.catalog.quotes.rules.drafts import Draft, DraftPricing, draft_of, draft_version_of
from services.catalog.quotes.rules.snapshots import Known, MixedCurrencies
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import NoPriceInForce, UnreadableInputs
from services.catalog.quoting.inputs import PriceSnapshot, QuoteInputs, Term
from services.catalog.quoting.lines import total
from services.catalog.quoting.proofs.canonical import inputs_json
from services.catalog.quoting.proofs.proof import inputs_to_reprice
from services.catalog.vocabulary import VersionStatus
from services.common.values.periods import Period
from tests.quoting.catalogs import (
    APRIL,
    KINDS,
    PRICES,
    STORAGE_50GB,
    STUDIO,
    any_month,
    billed,
    daily,
    month_of_plan,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EMPTY = Known({}, [("AUD", one) for one in PRICES], {"AUD": set(KINDS)})


def amounts(inputs: QuoteInputs) -> list[int]:
    return [line.amount_cents for line in billed(price(inputs))]


def by(draft: Draft, frozen: QuoteInputs, *unsold: object, known: Known = EMPTY) -> QuoteInputs:
    return DraftPricing(draft, known).inputs(frozen, unsold)  # type: ignore[arg-type]


def studio(price_cents: int, items: Sequence[PlanItem] = STUDIO.items) -> CatalogDocument:
    return CatalogDocument(
        plans=(PlanEntry("studio", "Studio", VersionTerms(price_cents, "AUD", tuple(items))),)
    )


def state(*prices: UnitPrice) -> CatalogState:
    terms = VersionTerms(STUDIO.price_cents, "AUD", STUDIO.items)
    version = PlanVersion(
        UUID(int=1), "studio", "Studio", 1, VersionStatus.ACTIVE, terms, NOW, NOW, None
    )
    addon = AddonTerms("spaces_gb_month", Decimal(50), 750, "AUD")
    return CatalogState(
        plans=(Plan(UUID(int=1), "studio", "Studio", NOW, version),),
        addons=(Addon(UUID(int=1), "storage_50gb", addon, NOW, NOW),),
        prices=tuple(ResourcePrice(UUID(int=9), one) for one in prices),
        newest_versions={"studio": 1},
    )


def drafted(wanted: CatalogDocument, *prices: UnitPrice) -> Draft:
    return draft_of(plan_changes(state(*prices), wanted), state(*prices))


@given(any_month())
def test_a_draft_without_changes_gives_the_billed_amounts(made: QuoteInputs) -> None:
    if made.projected_from is not None:
        return
    frozen = inputs_to_reprice(inputs_json(made).decode(), "2")
    assert billed(price(by(Draft(), frozen))) == billed(price(made))


@given(any_month())
def test_a_draft_with_the_billed_versions_gives_the_same_amounts(
    made: QuoteInputs,
) -> None:
    if made.projected_from is not None:
        return
    same = {
        term.version.plan_code: replace(term.version, id=f"new/{term.version.plan_code}")
        for term in made.terms
    }
    assert amounts(by(Draft(versions=same), made)) == amounts(made)


def test_the_current_catalog_as_a_file_is_a_draft_without_changes() -> None:
    flat = UnitPrice("dns_zones", "zone", Decimal(10), "AUD", date(2026, 1, 1))
    wanted = replace(studio(STUDIO.price_cents), prices=(flat,))
    assert drafted(wanted, flat).is_empty


def test_a_version_of_the_draft_takes_the_place_of_every_version_of_its_plan() -> None:
    former = replace(STUDIO, id="studio-0", version=7, price_cents=1000)
    made = replace(
        month_of_plan(),
        terms=(
            Term(former, (Period(date(2026, 4, 1), date(2026, 4, 16)),)),
            Term(STUDIO, (Period(date(2026, 4, 16), APRIL.end),)),
        ),
    )
    found = by(drafted(studio(9000)), made)
    assert [term.version.price_cents for term in found.terms] == [9000]
    assert amounts(found) == [9000]


def test_plans_that_the_draft_does_not_name_keep_their_price() -> None:
    other = replace(STUDIO, plan_code="pro", price_cents=12_000)
    made = month_of_plan(other)
    assert by(drafted(studio(9000)), made) is made


def test_an_addon_of_the_draft_reprices_held_ones() -> None:
    made = month_of_plan(STUDIO, APRIL, STORAGE_50GB)
    terms = AddonTerms("spaces_gb_month", Decimal(50), 900, "AUD")
    wanted = CatalogDocument(addons=(AddonEntry("storage_50gb", terms),))
    assert amounts(by(drafted(wanted), made)) == [5000, 900]


def test_a_unit_price_of_the_draft_counts_from_the_first_day_whenever_it_begins() -> None:
    before = UnitPrice("dns_zones", "zone", Decimal("0.4"), "AUD", date(2000, 1, 1))
    wanted = replace(before, unit_price_cents=Decimal(3), effective_from=date(2027, 1, 1))
    made = month_of_plan(usage=(daily("dns_zones", APRIL, 1),))
    found = by(drafted(CatalogDocument(prices=(wanted,)), before), made)
    assert amounts(found) == [5000, 90]


def test_a_price_of_the_draft_replaces_the_price_with_its_match_alone() -> None:
    small, any_size = (("size", ("small",)),), ()
    base = UnitPrice("droplet_hours", "hour", Decimal(2), "AUD", date(2000, 1, 1))
    wanted = replace(base, unit_price_cents=Decimal(1), match=small)
    made = replace(
        month_of_plan(replace(STUDIO, items=())),
        usage=tuple(
            replace(daily("droplet_hours", APRIL, 10), dimensions=(("size", size),))
            for size in ("large", "small")
        ),
        prices=tuple(
            PriceSnapshot(
                str(qty), "droplet_hours", "hour", Decimal(qty), date(2000, 1, 1), None, match
            )
            for qty, match in ((2, any_size), (3, small))
        ),
    )
    found = by(drafted(CatalogDocument(prices=(wanted,)), base), made)
    assert sorted(amounts(found)) == [300, 600, 5000]


def test_usage_that_no_item_of_the_draft_covers_is_at_the_current_unit_price() -> None:
    made = replace(month_of_plan(usage=(daily("droplet_hours", APRIL, 72),)), prices=())
    current = PriceSnapshot("now", "droplet_hours", "hour", Decimal(2), date(2026, 1, 1), None)
    known = Known({}, [("AUD", current)], {"AUD": {"droplet_hours"}})
    found = by(drafted(studio(5000, STUDIO.items[1:])), made, known=known)
    assert amounts(found) == [5000, 72 * 30 * 2]


def test_usage_that_was_not_sold_is_priced_when_the_draft_sells_it() -> None:
    made = replace(month_of_plan(), prices=())
    sold = PlanItem("dns_zones", Decimal(0), "zone", Decimal(7))
    zones = daily("dns_zones", APRIL, 1)
    none = Known({}, [], {})
    assert amounts(by(drafted(studio(5000, [*STUDIO.items, sold])), made, zones, known=none)) == [
        5000,
        210,
    ]
    assert amounts(by(drafted(studio(6000)), made, zones, known=none)) == [6000]


def test_usage_whose_price_the_draft_ends_cannot_be_priced() -> None:
    before = UnitPrice("dns_zones", "zone", Decimal(1), "AUD", date(2000, 1, 1))
    ended = replace(before, effective_to=date(2026, 9, 1))
    made = month_of_plan(usage=(daily("dns_zones", APRIL, 1),))
    found = by(drafted(CatalogDocument(prices=(ended,)), before), made)
    with pytest.raises(NoPriceInForce):
        price(found)


def test_a_version_in_another_currency_is_refused() -> None:
    with pytest.raises(MixedCurrencies):
        by(draft_version_of(replace(STUDIO, currency="USD")), month_of_plan())


def test_a_month_of_engine_1_cannot_be_priced_otherwise() -> None:
    with pytest.raises(UnreadableInputs):
        inputs_to_reprice(inputs_json(month_of_plan()).decode(), "1")


def test_trial_days_stay_free_by_a_draft() -> None:
    half = Period(date(2026, 4, 1), date(2026, 4, 16))
    made = replace(month_of_plan(days=Period(date(2026, 4, 16), APRIL.end)), trial_days=(half,))
    assert total(billed(price(by(drafted(studio(9000)), made)))) == 4500
