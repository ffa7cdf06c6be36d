"""Catalogs, usages and subscriptions for the engine's tests: Studio, and generated ones."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from services.catalog.plans import PlanItem, PriceTier
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageFact,
    VersionSnapshot,
)
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.periods import Period

__all__ = [
    "APRIL",
    "KINDS",
    "MAY",
    "PRICES",
    "QTYS",
    "STORAGE_50GB",
    "STUDIO",
    "addons",
    "any_month",
    "days_in",
    "items",
    "month_of_plan",
    "used",
    "versions",
]

APRIL = Period.month(2026, 4)
MAY = Period.month(2026, 5)
KINDS = tuple(UNITS)

STUDIO = VersionSnapshot(
    id="studio-1",
    plan_code="studio",
    version=1,
    price_cents=5000,
    currency="AUD",
    items=(
        PlanItem("droplet_hours", Decimal(1488), "hour", Decimal(1)),
        PlanItem("spaces_gb_month", Decimal(100), "gb_month", Decimal(2)),
        PlanItem("llm_tokens", Decimal(1_000_000), "1k_tokens", Decimal(1)),
    ),
)
STORAGE_50GB = AddonSnapshot("storage", "storage_50gb", "spaces_gb_month", Decimal(50), 750)

PRICES = tuple(
    PriceSnapshot(f"price-{kind}", kind, min(UNITS[kind]), Decimal("0.4"), date(2000, 1, 1), None)
    for kind in KINDS
)
"""A unit price for every kind."""

QTYS = st.decimals(0, 10**7, places=3)
UNIT_PRICES = st.decimals(0, 10**5, places=4)


def used(usage: Mapping[str, str | int | Decimal]) -> tuple[UsageFact, ...]:
    return tuple(UsageFact(kind, Decimal(qty)) for kind, qty in usage.items())


def month_of_plan(
    version: VersionSnapshot = STUDIO,
    month: Period = APRIL,
    *held: AddonSnapshot,
    usage: Mapping[str, str | int | Decimal] | None = None,
) -> QuoteInputs:
    """A whole month of one version with addons."""
    return QuoteInputs(
        month=month,
        currency="AUD",
        term=Term(version, (month,)),
        addons=tuple(HeldAddon(addon, (month,)) for addon in held),
        usage=used(usage or {}),
        prices=PRICES,
    )


@st.composite
def items(draw: st.DrawFn, kind: str) -> PlanItem:
    """An item of any pricing model."""
    model = draw(st.sampled_from(PricingModel))
    limits = sorted(draw(st.sets(st.integers(1, 10**5), max_size=3)))
    tiers = [*(Decimal(limit) for limit in limits), None]
    tiered = model in (PricingModel.GRADUATED, PricingModel.VOLUME)
    by_amount = model in (PricingModel.FLAT, PricingModel.MINIMUM)
    return PlanItem(
        resource_kind=kind,
        included_qty=draw(QTYS),
        overage_unit=draw(st.sampled_from(sorted(UNITS[kind]))),
        overage_price_cents=draw(UNIT_PRICES),
        hard_cap_qty=draw(st.none() | QTYS),
        pricing_model=model,
        tiers=tuple(PriceTier(limit, draw(UNIT_PRICES)) for limit in tiers) if tiered else (),
        package_qty=draw(st.decimals(1, 1000, places=2)) if model == PricingModel.PACKAGE else None,
        amount_cents=draw(st.integers(0, 10**6)) if by_amount else 0,
    )


@st.composite
def versions(draw: st.DrawFn, name: str = "generated") -> VersionSnapshot:
    """Any version of a plan."""
    covered = draw(st.sets(st.sampled_from(KINDS)))
    return VersionSnapshot(
        id=name,
        plan_code=name,
        version=draw(st.integers(1, 99)),
        price_cents=draw(st.integers(0, 10**7)),
        currency="AUD",
        items=tuple(draw(items(kind)) for kind in sorted(covered)),
    )


@st.composite
def addons(draw: st.DrawFn, name: str = "addon") -> AddonSnapshot:
    """Any addon."""
    kind, qty = draw(st.sampled_from(KINDS)), draw(st.decimals("0.001", 10**5, places=3))
    return AddonSnapshot(name, name, kind, qty, draw(st.integers(0, 10**6)))


def days_in(month: Period) -> st.SearchStrategy[date]:
    """Any day of a month."""
    return st.dates(month.start, date.fromordinal(month.end.toordinal() - 1))


@st.composite
def any_month(draw: st.DrawFn) -> QuoteInputs:
    """A month of any plans, changed once or not, with any addons, usage and trial days."""
    month = draw(st.sampled_from([APRIL, MAY, Period.month(2028, 2)]))
    first, cut = sorted((draw(days_in(month)), draw(days_in(month))))
    before, after = draw(versions("before")), draw(versions("after"))
    former = (Term(before, (Period(first, cut),)),) if first < cut else ()
    billed = Period(first, month.end)
    held = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(days_in(billed))
        span = Period(start, month.end) if draw(st.booleans()) else Period(first, month.end)
        held.append(HeldAddon(draw(addons(f"addon_{number}")), (span,)))
    usage = draw(st.dictionaries(st.sampled_from(KINDS), QTYS))
    return QuoteInputs(
        month=month,
        currency="AUD",
        term=Term(after, (Period(cut, month.end),)),
        former=former,
        addons=tuple(held),
        free_days=draw(st.integers(0, (first - month.start).days)),
        usage=tuple(UsageFact(kind, qty, "f" * 64) for kind, qty in usage.items()),
        prices=PRICES,
        prices_on=first if draw(st.booleans()) else None,
    )
