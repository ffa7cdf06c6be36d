"""From what the catalog keeps to frozen inputs: of a plan, of a subscription, of a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from services.catalog.plans.rules.plans import Addon, PlanVersion, ResourcePrice
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
from services.catalog.quoting.spans import BilledDays, billed_days, intersection
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.values.periods import Period, month_of

__all__ = [
    "Known",
    "MixedCurrencies",
    "addon_snapshot",
    "change_inputs",
    "plan_inputs",
    "price_snapshots",
    "subscription_inputs",
    "version_snapshot",
]

Usage = Sequence[UsageSeries]


class MixedCurrencies(ValueError):
    """A month of a subscription in more than one currency."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog says of versions and unit prices, for as many quotes as are asked for."""

    versions: Mapping[UUID, VersionSnapshot]
    prices: Sequence[tuple[str, PriceSnapshot]]
    """Each with its currency."""


def version_snapshot(version: PlanVersion) -> VersionSnapshot:
    """A plan version, as it prices."""
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
    """One object for a version however often it is read: caches find it without comparing it."""
    return version


def addon_snapshot(addon: Addon) -> AddonSnapshot:
    """An addon, as it is sold now."""
    terms = addon.terms
    return AddonSnapshot(
        id=str(addon.id),
        code=addon.code,
        resource_kind=terms.resource_kind,
        qty=terms.qty,
        price_cents=terms.price_cents,
    )


def price_snapshots(prices: Sequence[ResourcePrice]) -> list[tuple[str, PriceSnapshot]]:
    """Unit prices, each with its currency."""
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
) -> QuoteInputs:
    """A plan with addons that would start on a day, and a month's projected usage of it."""
    month = month_of(starts_on)
    days = (Period(starts_on, month.end),)
    return _with_prices(
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


def subscription_inputs(
    subscription: Subscription, period: Period, usage: Usage, known: Known, *, on_trial: bool
) -> QuoteInputs:
    """A subscription in a period, which is within one month, with what was used in it.

    `on_trial` says that its deployment is on trial still: a trial without an end is free.
    Raises MixedCurrencies.
    """
    billed = billed_days(subscription, period, on_trial=on_trial)
    terms = _terms(subscription, billed, known)
    return _with_prices(
        QuoteInputs(
            month=month_of(period.start),
            currency=terms[-1].version.currency,
            terms=tuple(terms),
            addons=_held(subscription, billed, period),
            trial_days=billed.trial,
            usage=tuple(usage),
        ),
        known,
    )


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
    """A subscription that would move to a version, with more addons, on a day.

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
    return _with_prices(
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


def _moved(
    before: Sequence[Term], version: VersionSnapshot, starts_on: date, left: tuple[Period, ...]
) -> list[Term]:
    """The terms of a month, with the days that are left given to another version."""
    kept = [Term(term.version, intersection(term.days, date.min, starts_on)) for term in before]
    others = [term for term in kept if term.version.id != version.id and term.days]
    same = (days for term in kept if term.version.id == version.id for days in term.days)
    return [*others, Term(version, (*same, *left))]


def _terms(subscription: Subscription, billed: BilledDays, known: Known) -> list[Term]:
    """Versions with their billed days, the one that holds on the last of them at the end."""
    found: dict[UUID, list[Period]] = {}
    for term in subscription.terms:
        days = intersection(billed.days, term.effective_from, term.effective_to)
        if days:
            # A version that comes again is one term, and it is the latest.
            earlier = found.pop(term.plan_version_id, [])
            found[term.plan_version_id] = [*earlier, *days]
    if not found:
        last = subscription.term_on(billed.last)
        return [Term(known.versions[last.plan_version_id], ())]
    terms = [Term(known.versions[key], tuple(days)) for key, days in found.items()]
    _one_currency([term.version for term in terms])
    return terms


def _held(subscription: Subscription, billed: BilledDays, period: Period) -> tuple[HeldAddon, ...]:
    """The addons that are held on a billed day, or at the period's end."""
    held = []
    for addon in subscription.addons:
        days = intersection(billed.days, addon.attached_on, addon.detached_on)
        current = addon.attached_on < period.end and (
            addon.detached_on is None or addon.detached_on >= period.end
        )
        if days or current:
            snapshot = AddonSnapshot(
                id=str(addon.id),
                code=addon.code,
                resource_kind=addon.terms.resource_kind,
                qty=addon.terms.qty,
                price_cents=addon.terms.price_cents,
            )
            held.append(HeldAddon(snapshot, days, current=current))
    return tuple(held)


def _with_prices(inputs: QuoteInputs, known: Known) -> QuoteInputs:
    """The inputs with the unit prices that they ask for: of kinds that a version leaves out."""
    asked = {
        series.resource_kind
        for series in inputs.usage
        for term in inputs.terms
        if series.resource_kind not in term.version.item_of and series.is_used
    }
    if not asked:
        return inputs
    prices = tuple(
        price
        for currency, price in known.prices
        if currency == inputs.currency and price.resource_kind in asked and _meets(price, inputs)
    )
    return replace(inputs, prices=prices)


def _meets(price: PriceSnapshot, inputs: QuoteInputs) -> bool:
    """Whether a price is in force on the day, or on a day of the month, that counts."""
    if inputs.projected_from is not None:
        return price.in_force(inputs.projected_from)
    until = price.effective_to
    return price.effective_from < inputs.month.end and (until is None or until > inputs.month.start)


def _one_currency(versions: Sequence[VersionSnapshot]) -> None:
    currencies = {version.currency for version in versions}
    if len(currencies) > 1:
        raise MixedCurrencies(f"the month is in {' and '.join(sorted(currencies))}")
