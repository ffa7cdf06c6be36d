"""Applies a draft of the catalog to the frozen inputs of billed months.

A draft counts as if it had been in force on every day: its version of a plan replaces every
version of that plan, its addon that addon at any price, its unit price every price of the kind and
match, and its rebilling rule every rule of its code. Unchanged prices stay frozen, so a draft
without changes gives the billed amounts.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from itertools import groupby
from typing import Final

from services.catalog.plans.rules.changes import (
    AddonChange,
    CatalogState,
    Change,
    PriceChange,
    PriceEnd,
    RuleChange,
    RuleEnd,
    VersionChange,
)
from services.catalog.plans.rules.matches import Match, named
from services.catalog.plans.rules.plans import AddonTerms, UnitPrice
from services.catalog.quotes.rules.draft_rules import (
    ALWAYS,
    DraftRules,
    changes_rules,
    drafted_costs,
    rules_left_out,
)
from services.catalog.quotes.rules.from_cost import with_rebilling
from services.catalog.quotes.rules.snapshots import (
    Known,
    MixedCurrencies,
    with_meters,
    with_prices,
)
from services.catalog.quotes.rules.sold_usage import divided_usage
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.rebilling.rules.rebilling import NewRule

__all__ = ["Draft", "DraftPricing", "draft_of", "draft_version_of"]

MAX_TERMS: Final = 2048
MAX_PRICES: Final = 64
"""Entries of a cache; each of the latter has all unit prices of a currency."""

PriceLine = tuple[str, str, Match]
"""A kind, a currency and a match."""


@dataclass(frozen=True)
class Draft:
    """The changes of a draft."""

    versions: Mapping[str, VersionSnapshot] = field(default_factory=dict)
    """By plan code."""
    addons: Mapping[tuple[str, str], AddonTerms] = field(default_factory=dict)
    """By code and currency."""
    prices: Mapping[PriceLine, PriceSnapshot | None] = field(default_factory=dict)
    """The last price of a kind and match; None if the draft ends it."""
    rules: DraftRules = field(default_factory=dict)

    @cached_property
    def priced_kinds(self) -> Mapping[str, AbstractSet[str]]:
        """By currency, the kinds whose unit prices it changes."""
        currencies = {currency for _, currency, _ in self.prices}
        return {
            currency: {kind for kind, in_, _ in self.prices if in_ == currency}
            for currency in currencies
        }

    @property
    def is_empty(self) -> bool:
        """Whether it changes no price."""
        return not (self.versions or self.addons or self.prices or self.rules)


def draft_of(changes: Sequence[Change], state: CatalogState) -> Draft:
    """The draft that changes a catalog from one state to another."""
    versions: dict[str, VersionSnapshot] = {}
    addons: dict[tuple[str, str], AddonTerms] = {}
    prices: dict[PriceLine, UnitPrice | None] = {}
    rules: dict[str, NewRule | None] = {}
    lines = {kept.id: _line(kept.price) for kept in state.prices}
    for change in changes:
        match change:
            case VersionChange():
                versions[change.plan_code] = VersionSnapshot(
                    id=change.object_key,
                    plan_code=change.plan_code,
                    version=change.version,
                    price_cents=change.terms.price_cents,
                    currency=change.terms.currency,
                    items=change.terms.items,
                )
            case AddonChange(entry=entry):
                addons[entry.code, entry.terms.currency] = entry.terms
            case PriceEnd():
                prices.setdefault(lines[change.price_id], None)
            case PriceChange(price=price):
                prices[_line(price)] = _later(prices.get(_line(price)), price)
            case RuleEnd(rule=rule):
                rules.setdefault(rule.code, None)
            case RuleChange(rule=rule):
                known = rules.get(rule.code)
                if known is None or rule.effective_from >= known.effective_from:
                    rules[rule.code] = rule
            case _:
                pass  # a plan's name has no price
    always = {line: _always(price) for line, price in prices.items()}
    return Draft(versions, addons, always, rules)


def draft_version_of(version: VersionSnapshot) -> Draft:
    """The draft of a single version, in any state."""
    return Draft(versions={version.plan_code: version})


class DraftPricing:
    """Applies a draft to frozen inputs.

    `known` has the current unit prices, for kinds that a version of the draft no longer covers, and
    the list prices by which rules of the draft price.
    """

    def __init__(self, draft: Draft, known: Known) -> None:
        self._draft = draft
        self._meters = known.meters
        self._list_prices = () if known.costs is None else known.costs.list_prices
        # Cached, because most subscriptions have their terms and unit prices in common.
        self._terms = lru_cache(MAX_TERMS)(partial(_drafted_terms, draft.versions))
        self._prices = lru_cache(MAX_PRICES)(partial(_drafted_prices, draft, known))

    @property
    def has_rules(self) -> bool:
        """Whether the draft changes rebilling rules."""
        return bool(self._draft.rules)

    def rules_left_out(self, frozen: QuoteInputs) -> list[str]:
        """The codes of the draft's rules that cannot price a month."""
        return rules_left_out(self._draft.rules, frozen)

    def needs_rate(self, frozen: QuoteInputs) -> bool:
        """Whether the draft prices a month from cost that was not billed from cost."""
        return frozen.rebilling is None and changes_rules(self._draft.rules, frozen)

    def inputs(
        self,
        frozen: QuoteInputs,
        unsold: Sequence[UsageSeries],
        tenant_id: str = "",
        rate: Decimal | None = None,
    ) -> QuoteInputs:
        """The inputs of the draft; `unsold` is metered usage that was not sold in the month.

        `rate` is the exchange rate of the month's first day, where the draft `needs_rate`.
        Raises MixedCurrencies for a version in another currency.
        """
        terms = self._terms(frozen.terms)
        addons = frozen.addons
        if self._draft.addons:
            addons = tuple([self._addon(held, frozen.currency) for held in frozen.addons])
        used = (*frozen.usage, *unsold) if unsold else frozen.usage
        drafted = self._draft.priced_kinds.get(frozen.currency, ())
        is_priced = any(series.resource_kind in drafted for series in used)
        is_ruled = self.has_rules and changes_rules(self._draft.rules, frozen)
        if terms == frozen.terms and addons == frozen.addons and not (is_priced or is_ruled):
            return frozen
        others = {term.version.currency for term in terms} - {frozen.currency}
        if others:
            raise MixedCurrencies(f"the month is in {frozen.currency}, the draft in {others.pop()}")
        known = self._prices(frozen.currency, frozen.prices)
        costs = drafted_costs(self._draft.rules, frozen, self._list_prices, rate)
        sold, _ = divided_usage(used, terms, addons, replace(known, costs=costs), tenant_id)
        inputs = with_prices(
            replace(frozen, terms=terms, addons=addons, usage=sold, prices=(), rebilling=None),
            known,
        )
        billed = frozen.rebilling
        known_costs = () if billed is None else billed.costs
        return with_meters(with_rebilling(inputs, costs, tenant_id, known_costs), self._meters)

    def _addon(self, held: HeldAddon, currency: str) -> HeldAddon:
        terms = self._draft.addons.get((held.addon.code, currency))
        if terms is None:
            return held
        changed = replace(held.addon, qty=terms.qty, price_cents=terms.price_cents)
        return held._replace(addon=changed)


def _drafted_terms(
    versions: Mapping[str, VersionSnapshot], frozen: tuple[Term, ...]
) -> tuple[Term, ...]:
    """The terms of a month with the versions of a draft."""
    if not any(term.version.plan_code in versions for term in frozen):
        return frozen
    moved = [Term(versions.get(term.version.plan_code, term.version), term.days) for term in frozen]
    if len(moved) == 1:
        return (moved[0],)
    return tuple(
        Term(version, tuple(span for term in those for span in term.days))
        for version, those in _by_version(moved)
    )


def _drafted_prices(
    draft: Draft, current: Known, currency: str, frozen: tuple[PriceSnapshot, ...]
) -> Known:
    """The draft's unit prices, then the frozen ones, then the current ones of other kinds."""
    kept = {price.resource_kind for price in frozen}
    others = [
        *frozen,
        *(
            price
            for in_, price in current.prices
            if in_ == currency and price.resource_kind not in kept
        ),
    ]
    prices = [
        *(price for (_, in_, _), price in draft.prices.items() if price and in_ == currency),
        *(
            price
            for price in others
            if (price.resource_kind, currency, price.match) not in draft.prices
        ),
    ]
    sold = [(currency, price) for price in prices]
    return _with_priced(
        Known({}, sold, current.priced, meters=current.meters, matched=current.matched),
        currency,
        {
            *((price.resource_kind, price.match) for price in frozen),
            *((kind, match) for kind, in_, match in draft.prices if in_ == currency),
        },
    )


def _with_priced(known: Known, currency: str, rows: AbstractSet[tuple[str, Match]]) -> Known:
    """With more kinds and matches that had a unit price."""
    if known.priced is None:
        return known
    flat = {*known.priced.get(currency, ()), *(kind for kind, match in rows if not match)}
    matched = {kind: {*those} for kind, those in known.matched.get(currency, {}).items()}
    for kind, match in rows:
        if match:
            matched.setdefault(kind, set()).add(match)
    return replace(known, priced={currency: flat}, matched={currency: matched})


def _by_version(terms: Sequence[Term]) -> list[tuple[VersionSnapshot, list[Term]]]:
    """Merges terms of one version into one, at the position of its last days."""
    last = {term.version.id: place for place, term in enumerate(terms)}
    ordered = sorted(enumerate(terms), key=lambda one: (last[one[1].version.id], one[0]))
    return [
        (those[0].version, those)
        for those in (
            [term for _, term in group]
            for _, group in groupby(ordered, key=lambda one: one[1].version.id)
        )
    ]


def _later(known: UnitPrice | None, price: UnitPrice) -> UnitPrice:
    return price if known is None or price.effective_from >= known.effective_from else known


def _always(price: UnitPrice | None) -> PriceSnapshot | None:
    if price is None:
        return None
    return PriceSnapshot(
        id=f"draft/{named(price.resource_kind, price.match)}/{price.currency}",
        resource_kind=price.resource_kind,
        unit=price.unit,
        unit_price_cents=price.unit_price_cents,
        effective_from=ALWAYS,
        effective_to=None,
        match=price.match,
    )


def _line(price: UnitPrice) -> PriceLine:
    return price.resource_kind, price.currency, price.match
