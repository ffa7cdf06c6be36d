"""Catalogs, usages and subscriptions for the engine's tests: Studio, and generated ones."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from services.catalog.plans.rules.plans import AddonTerms, PlanItem, PriceTier
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, Quote
from services.catalog.subscriptions.rules.subscriptions import AttachedAddon, PlanTerm, Subscription
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.values.periods import Period

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
    "attached",
    "billed",
    "daily",
    "days_in",
    "items",
    "month_of_plan",
    "on_days",
    "projected",
    "subscription",
    "term",
    "usages",
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


def daily(kind: str, month: Period, qty: str | int | Decimal) -> UsageSeries:
    """As much of a kind on every day of a month."""
    return UsageSeries(kind, (UsageRun(month.start, month.days, Decimal(qty)),))


def on_days(kind: str, used: Mapping[date, str | int | Decimal]) -> UsageSeries:
    """What was used of a kind on some days."""
    return UsageSeries(kind, tuple(UsageRun(day, 1, Decimal(used[day])) for day in sorted(used)))


def projected(usage: Mapping[str, str | int | Decimal]) -> tuple[UsageSeries, ...]:
    """What a whole month is expected to use."""
    return tuple(UsageSeries(kind, projected_qty=Decimal(qty)) for kind, qty in usage.items())


def month_of_plan(
    version: VersionSnapshot = STUDIO,
    month: Period = APRIL,
    *held: AddonSnapshot,
    usage: tuple[UsageSeries, ...] = (),
    days: Period | None = None,
) -> QuoteInputs:
    """A month of one version with addons, all of it or some days."""
    spans = (days or month,)
    return QuoteInputs(
        month=month,
        currency="AUD",
        terms=(Term(version, spans),),
        addons=tuple(HeldAddon(addon, spans) for addon in held),
        usage=usage,
        prices=PRICES,
    )


def billed(quote: Quote) -> tuple[Line, ...]:
    """What a period is billed."""
    return (*quote.first_invoice, *quote.overage, *quote.ad_hoc)


def subscription(*terms: PlanTerm, starts_on: date = APRIL.start) -> Subscription:
    """A subscription without an end."""
    return Subscription(
        id=UUID(int=1),
        deployment_id=UUID(int=1),
        tenant_id="acme",
        starts_on=starts_on,
        ends_on=None,
        trial_end=None,
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
        terms=terms,
        pauses=(),
        addons=(),
    )


def term(version: VersionSnapshot, key: UUID, start: date, end: date | None) -> PlanTerm:
    """The days of a version."""
    return PlanTerm(key, version.plan_code, version.version, key, start, end)


def attached(addon: AddonSnapshot, start: date, end: date | None, number: int = 1) -> AttachedAddon:
    """An addon on its days."""
    terms = AddonTerms(addon.resource_kind, addon.qty, addon.price_cents, "AUD")
    return AttachedAddon(UUID(int=number), addon.code, terms, start, end)


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
def usages(draw: st.DrawFn, month: Period) -> tuple[UsageSeries, ...]:
    """Usage of any kinds on any days of a month."""
    found = []
    for kind in draw(st.sets(st.sampled_from(KINDS))):
        days = sorted(draw(st.sets(days_in(month), min_size=1, max_size=4)))
        ends = [*days[1:], month.end]
        runs = [
            UsageRun(day, draw(st.integers(1, (end - day).days)), draw(QTYS))
            for day, end in zip(days, ends, strict=True)
        ]
        found.append(UsageSeries(kind, tuple(runs), "f" * 64))
    return tuple(found)


@st.composite
def any_month(draw: st.DrawFn) -> QuoteInputs:
    """A month of any plans, changed once or not, with any addons, usage and trial days."""
    month = draw(st.sampled_from([APRIL, MAY, Period.month(2028, 2)]))
    first, cut = sorted((draw(days_in(month)), draw(days_in(month))))
    before, after = draw(versions("before")), draw(versions("after"))
    former = (Term(before, (Period(first, cut),)),) if first < cut else ()
    billed_from = Period(first, month.end)
    held = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(days_in(billed_from))
        span = Period(start, month.end) if draw(st.booleans()) else billed_from
        held.append(HeldAddon(draw(addons(f"addon_{number}")), (span,)))
    trial = (Period(month.start, first),) if month.start < first and draw(st.booleans()) else ()
    usage = draw(usages(month))
    is_projected = draw(st.booleans())
    if is_projected:
        usage = projected(draw(st.dictionaries(st.sampled_from(KINDS), QTYS)))
    return QuoteInputs(
        month=month,
        currency="AUD",
        terms=(*former, Term(after, (Period(cut, month.end),))),
        addons=tuple(held),
        trial_days=trial,
        usage=usage,
        prices=PRICES,
        projected_from=first if is_projected else None,
    )
