"""Builds the engine's inputs (snapshots) from catalog records."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from services.catalog.meters.rules.meters import BUILT_IN, Meters
from services.catalog.plans.rules.matches import Match
from services.catalog.plans.rules.plans import Addon, PlanVersion, ResourcePrice
from services.catalog.quotes.rules.from_cost import KnownCosts, with_rebilling
from services.catalog.quotes.rules.relevant import could_price, with_relevant_items
from services.catalog.quotes.rules.sold_usage import (
    divided_usage,
    partly_sold_kinds,
    sold_kinds,
)
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    ChangeInputs,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.rebilling.snapshots import CostSeries
from services.catalog.quoting.spans import BilledDays, billed_days, intersection
from services.catalog.quoting.units import meter_snapshots
from services.catalog.subscriptions.rules.subscriptions import AttachedAddon, Subscription
from services.common.values.periods import Period, month_of

__all__ = [
    "Known",
    "MixedCurrencies",
    "addon_snapshot",
    "change_inputs",
    "divided_inputs",
    "named_kinds",
    "plan_inputs",
    "price_snapshots",
    "sold_to",
    "subscription_inputs",
    "version_snapshot",
    "with_meters",
    "with_prices",
]

Usage = Sequence[UsageSeries]


class MixedCurrencies(ValueError):
    """A subscription's month has more than one currency."""


@dataclass(frozen=True, slots=True)
class Known:
    """Versions and unit prices for a batch of quotes."""

    versions: Mapping[UUID, VersionSnapshot]
    prices: Sequence[tuple[str, PriceSnapshot]]
    """With currencies."""
    priced: Mapping[str, AbstractSet[str]] | None = None
    """By currency, the kinds of usage that ever had a unit price without a match.

    None if all usage is sold.
    """
    costs: KnownCosts | None = None
    """What prices from cost; None without rebilling rules."""
    meters: Meters = BUILT_IN
    """The meters that plans, prices and usage may name."""
    matched: Mapping[str, Mapping[str, AbstractSet[Match]]] = field(default_factory=dict)
    """By currency and kind, the matches that ever had a unit price."""


def version_snapshot(version: PlanVersion) -> VersionSnapshot:
    """The inputs of a plan version."""
    terms = version.terms
    return _first_of_equal(
        VersionSnapshot(
            id=str(version.id),
            plan_code=version.plan_code,
            version=version.version,
            price_cents=terms.price_cents,
            currency=terms.currency,
            items=terms.items,
        )
    )


@lru_cache(maxsize=1024)
def _first_of_equal(version: VersionSnapshot) -> VersionSnapshot:
    """One object per version, so that caches find it by identity."""
    return version


def addon_snapshot(addon: Addon | AttachedAddon) -> AddonSnapshot:
    """The inputs of an addon with its terms: the current ones, or those it was attached with."""
    terms = addon.terms
    return AddonSnapshot(
        id=str(addon.id),
        code=addon.code,
        resource_kind=terms.resource_kind,
        qty=terms.qty,
        price_cents=terms.price_cents,
    )


def price_snapshots(prices: Sequence[ResourcePrice]) -> list[tuple[str, PriceSnapshot]]:
    """The inputs of unit prices, with currencies."""
    return [
        (
            known.price.currency,
            PriceSnapshot(
                id=str(known.id),
                resource_kind=known.price.resource_kind,
                unit=known.price.unit,
                unit_price_cents=known.price.unit_price_cents,
                effective_from=known.price.effective_from,
                effective_to=known.price.effective_to,
                match=known.price.match,
            ),
        )
        for known in prices
    ]


def plan_inputs(
    version: VersionSnapshot,
    addons: Sequence[AddonSnapshot],
    usage: Usage,
    starts_on: date,
    known: Known,
    *,
    tenant_id: str = "",
) -> QuoteInputs:
    """The inputs of a plan with addons from a day on, with a month's projected usage."""
    month = month_of(starts_on)
    days = (Period(starts_on, month.end),)
    inputs = with_prices(
        QuoteInputs(
            month=month,
            currency=version.currency,
            terms=(Term(version, days),),
            addons=tuple([HeldAddon(addon, days) for addon in addons]),
            usage=tuple(usage),
            projected_from=starts_on,
        ),
        known,
    )
    return with_meters(with_rebilling(inputs, known.costs, tenant_id), known.meters)


def subscription_inputs(
    subscription: Subscription,
    period: Period,
    usage: Usage,
    known: Known,
    *,
    on_trial: bool,
    costs: Sequence[CostSeries] = (),
) -> QuoteInputs:
    """The inputs of a subscription in a period within one month, with its usage and costs.

    See `divided_inputs`. Raises MixedCurrencies.
    """
    return divided_inputs(subscription, period, usage, known, on_trial=on_trial, costs=costs)[0]


def divided_inputs(
    subscription: Subscription,
    period: Period,
    usage: Usage,
    known: Known,
    *,
    on_trial: bool,
    costs: Sequence[CostSeries] = (),
) -> tuple[QuoteInputs, Usage]:
    """The inputs of a subscription in a period within one month, and the usage left out of them.

    That is the usage of its billed days that is not sold; it is listed as unbilled. `on_trial` says
    that its deployment is still on trial, which matters for a trial without an end. Raises
    MixedCurrencies.
    """
    billed = billed_days(subscription, period, on_trial=on_trial)
    terms = _terms(subscription, billed, known)
    addons = _held(subscription, billed, period)
    sold, unsold = divided_usage(usage, terms, addons, known, subscription.tenant_id)
    inputs = with_prices(
        QuoteInputs(
            month=month_of(period.start),
            currency=terms[-1].version.currency,
            terms=tuple(terms),
            addons=addons,
            trial_days=billed.trial,
            usage=sold,
        ),
        known,
    )
    inputs = with_rebilling(inputs, known.costs, subscription.tenant_id, costs)
    return with_meters(inputs, known.meters), unsold


def sold_to(
    subscription: Subscription, period: Period, known: Known, *, on_trial: bool
) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """The kinds of usage that may be sold to a subscription in a period, and those sold in part.

    Raises MixedCurrencies.
    """
    billed = billed_days(subscription, period, on_trial=on_trial)
    terms = _terms(subscription, billed, known)
    addons = _held(subscription, billed, period)
    month = month_of(period.start).start
    sold = sold_kinds(terms, addons, known, subscription.tenant_id, month)
    return sold, partly_sold_kinds(sold, terms, known)


def change_inputs(
    subscription: Subscription,
    version: VersionSnapshot,
    addons: Sequence[AddonSnapshot],
    usage: Usage,
    starts_on: date,
    known: Known,
    *,
    on_trial: bool,
) -> QuoteInputs:
    """The inputs of a change to a version, with more addons, on a day.

    Raises MixedCurrencies.
    """
    month = month_of(starts_on)
    billed = billed_days(subscription, month, on_trial=on_trial)
    left = billed.since(starts_on)
    before = _terms(subscription, billed, known)
    moved = known.versions[subscription.term_on(starts_on).plan_version_id].id != version.id
    terms = _moved(before, version, starts_on, left) if moved else before
    added = tuple(HeldAddon(addon, left, added=True) for addon in addons)
    held = _held(subscription, billed, Period(starts_on, month.end))
    _one_currency([version, *(term.version for term in terms)])
    inputs = with_prices(
        QuoteInputs(
            month=month,
            currency=version.currency,
            terms=tuple(terms),
            addons=(*held, *added),
            trial_days=billed.trial,
            usage=tuple(usage),
            projected_from=starts_on,
            change=ChangeInputs(tuple(before)) if moved or added else None,
        ),
        known,
    )
    inputs = with_rebilling(inputs, known.costs, subscription.tenant_id)
    return with_meters(inputs, known.meters)


def _moved(
    before: Sequence[Term], version: VersionSnapshot, starts_on: date, left: tuple[Period, ...]
) -> list[Term]:
    """The terms of a month, with the remaining days moved to another version."""
    kept = [Term(term.version, intersection(term.days, date.min, starts_on)) for term in before]
    others = [term for term in kept if term.version.id != version.id and term.days]
    same = (days for term in kept if term.version.id == version.id for days in term.days)
    return [*others, Term(version, (*same, *left))]


def _terms(subscription: Subscription, billed: BilledDays, known: Known) -> list[Term]:
    """Versions with their billed days; the last one is in force on the last of them."""
    found: dict[UUID, list[Period]] = {}
    for term in subscription.terms:
        days = intersection(billed.days, term.effective_from, term.effective_to)
        if days:
            # A version that returns is one term, placed last.
            earlier = found.pop(term.plan_version_id, [])
            found[term.plan_version_id] = [*earlier, *days]
    if not found:
        last = subscription.term_on(billed.last)
        return [Term(known.versions[last.plan_version_id], ())]
    terms = [Term(known.versions[key], tuple(days)) for key, days in found.items()]
    _one_currency([term.version for term in terms])
    return terms


def _held(subscription: Subscription, billed: BilledDays, period: Period) -> tuple[HeldAddon, ...]:
    """The addons attached on a billed day or at the end of the period."""
    held = []
    for addon in subscription.addons:
        days = intersection(billed.days, addon.attached_on, addon.detached_on)
        current = addon.attached_on < period.end and (
            addon.detached_on is None or addon.detached_on >= period.end
        )
        if days or current:
            held.append(HeldAddon(addon_snapshot(addon), days, current=current))
    return tuple(held)


def with_prices(inputs: QuoteInputs, known: Known) -> QuoteInputs:
    """Adds the unit prices that the inputs need, of usage without a plan item.

    Of prices by dimension, keeps only those that match some usage.
    """
    asked = [
        series
        for series in inputs.usage
        if series.is_used
        and any(
            term.version.item_for(series.resource_kind, series.dimensions) is None
            for term in inputs.terms
        )
    ]
    if asked:
        prices = tuple(
            price
            for currency, price in known.prices
            if currency == inputs.currency and could_price(price, asked) and _meets(price, inputs)
        )
        if prices != inputs.prices:
            inputs = replace(inputs, prices=prices)
    return with_relevant_items(inputs)


def with_meters(inputs: QuoteInputs, meters: Meters) -> QuoteInputs:
    """Adds the operator's meters that the inputs name, so that they can be priced by themselves."""
    if not meters.own:
        return inputs
    found = meter_snapshots(meters, named_kinds(inputs))
    return replace(inputs, meters=found) if found != inputs.meters else inputs


def named_kinds(inputs: QuoteInputs) -> set[str]:
    """The kinds of usage that the inputs name."""
    terms = (*inputs.terms, *(() if inputs.change is None else inputs.change.replaced))
    named = {kind for term in terms for kind in term.version.rows_of}
    named.update(held.addon.resource_kind for held in inputs.addons)
    named.update(price.resource_kind for price in inputs.prices)
    named.update(series.resource_kind for series in inputs.usage)
    return named


def _meets(price: PriceSnapshot, inputs: QuoteInputs) -> bool:
    """Whether a price is in force on the relevant day, or on a day of the month."""
    if inputs.projected_from is not None:
        return price.in_force(inputs.projected_from)
    until = price.effective_to
    return price.effective_from < inputs.month.end and (until is None or until > inputs.month.start)


def _one_currency(versions: Sequence[VersionSnapshot]) -> None:
    currencies = {version.currency for version in versions}
    if len(currencies) > 1:
        raise MixedCurrencies(f"the month is in {' and '.join(sorted(currencies))}")
