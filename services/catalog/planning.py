"""What would have to change for the catalog to be as a document says. Pure: nothing is done."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from services.catalog.changes import (
    AddonChange,
    AddonEntry,
    CatalogDocument,
    CatalogState,
    Change,
    PlanChange,
    PlanEntry,
    PriceChange,
    PriceEnd,
    VersionChange,
)
from services.catalog.plans import (
    Addon,
    AddonTerms,
    Plan,
    PlanItem,
    PriceTier,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.common.errors import FailedPrecondition
from services.common.money import plain

__all__ = ["missing_from", "plan_changes"]

NOTHING: Final = "none"

Line = tuple[str, str]
"""A kind and a currency: of their prices one follows the other."""
Starts = Mapping[Line, Sequence[date]]
"""The first days of the prices of each line, in order."""


def plan_changes(state: CatalogState, wanted: CatalogDocument) -> list[Change]:
    """The changes, in the order in which they can be made; none when it is so already.

    Raises FailedPrecondition for what cannot be changed: the kind or currency of an addon,
    and a unit price that was set.
    """
    plans = {plan.code: plan for plan in state.plans}
    addons = {addon.code: addon for addon in state.addons}
    changes: list[Change] = []
    for entry in wanted.plans:
        version = state.newest_versions.get(entry.code, 0) + 1
        changes += _plan_changes(entry, plans.get(entry.code), version)
    for addon in wanted.addons:
        changes += _addon_changes(addon, addons.get(addon.code))
    return changes + _price_changes(wanted.prices, state.prices)


def missing_from(state: CatalogState, wanted: CatalogDocument) -> CatalogDocument:
    """Only what the catalog knows nothing of: an operator's own words always stay.

    It knows a plan or an addon by its code, and a price by its kind and currency.
    """
    plans = {plan.code for plan in state.plans}
    addons = {addon.code for addon in state.addons}
    priced = {(kept.price.resource_kind, kept.price.currency) for kept in state.prices}
    return CatalogDocument(
        plans=tuple(entry for entry in wanted.plans if entry.code not in plans),
        addons=tuple(entry for entry in wanted.addons if entry.code not in addons),
        prices=tuple(
            price for price in wanted.prices if (price.resource_kind, price.currency) not in priced
        ),
    )


def _plan_changes(entry: PlanEntry, plan: Plan | None, version: int) -> Iterable[Change]:
    if plan is None:
        yield PlanChange("create", "plan", entry.code, (f"name {entry.name}",), entry=entry)
    elif plan.name != entry.name:
        names = (f"name {plan.name} → {entry.name}",)
        yield PlanChange("update", "plan", entry.code, names, entry=entry)
    active = plan.active_version.terms if plan and plan.active_version else None
    terms = entry.terms
    if terms is not None and active is not None and entry.keeps_items:
        terms = replace(terms, items=active.items)
    if terms is None or _version_words(terms) == _version_words(active):
        return
    differences = _differences(_version_words(active), _version_words(terms))
    draft = VersionChange(
        "create",
        "plan_version",
        f"{entry.code}/{version}",
        differences,
        plan_code=entry.code,
        version=version,
        terms=terms,
    )
    yield draft
    yield replace(draft, action="publish", differences=())


def _addon_changes(entry: AddonEntry, addon: Addon | None) -> Iterable[Change]:
    if addon is not None and addon.terms == entry.terms:
        return
    differences = _differences(_words(addon.terms if addon else None), _words(entry.terms))
    if addon is None:
        yield AddonChange("create", "addon", entry.code, differences, entry=entry)
        return
    for name in ("resource_kind", "currency"):
        if getattr(addon.terms, name) != getattr(entry.terms, name):
            raise FailedPrecondition(
                f"addon {entry.code}: its {name} cannot be changed; make another addon",
                reason="ADDON_FIXED",
                metadata={"field": "document", "code": entry.code},
            )
    yield AddonChange("update", "addon", entry.code, differences, entry=entry)


def _price_changes(wanted: Sequence[UnitPrice], kept: Sequence[ResourcePrice]) -> list[Change]:
    known = {_price_key(one.price): one for one in kept}
    starts = _starts([*wanted, *(one.price for one in kept)])
    changes: list[Change] = []
    for price in sorted(wanted, key=_price_key):
        said = _with_end(price, starts)
        before = known.get(_price_key(price))
        if before is None:
            # Its end is the next one's beginning, which sets it, or what the document says.
            words = _differences({}, _words(price))
            changes.append(PriceChange("create", "resource_price", _name(price), words, price=said))
        elif before.price != said:
            changes += _price_end(before, said, starts)
    return changes


def _price_end(before: ResourcePrice, said: UnitPrice, starts: Starts) -> Iterable[Change]:
    """An open price may be given an end; nothing else of a price that was set can change."""
    if replace(before.price, effective_to=said.effective_to) != said or (
        before.price.effective_to is not None or said.effective_to is None
    ):
        raise FailedPrecondition(
            f"resource price {_name(said)}: was set already; set another from a later day",
            reason="PRICE_FIXED",
            metadata={"field": "document", "price": _name(said)},
        )
    if said.effective_to in starts[_line(said)]:
        return  # the one that follows ends it
    yield PriceEnd(
        "update",
        "resource_price",
        _name(said),
        (f"effective_to {NOTHING} → {said.effective_to}",),
        price_id=before.id,
        effective_to=said.effective_to,
    )


def _starts(prices: Iterable[UnitPrice]) -> Starts:
    found: defaultdict[Line, set[date]] = defaultdict(set)
    for price in prices:
        found[_line(price)].add(price.effective_from)
    return {line: sorted(days) for line, days in found.items()}


def _with_end(price: UnitPrice, starts: Starts) -> UnitPrice:
    """The price with the end that the one after it sets."""
    if price.effective_to is not None:
        return price
    days = starts[_line(price)]
    following = bisect_right(days, price.effective_from)
    return replace(price, effective_to=days[following] if following < len(days) else None)


def _line(price: UnitPrice) -> Line:
    return (price.resource_kind, price.currency)


def _price_key(price: UnitPrice) -> tuple[str, str, date]:
    return (*_line(price), price.effective_from)


def _name(price: UnitPrice) -> str:
    return f"{price.resource_kind} {price.currency} {price.effective_from}"


def _version_words(terms: VersionTerms | None) -> dict[str, str]:
    if terms is None:
        return {}
    words = {"price_cents": str(terms.price_cents), "currency": terms.currency}
    for item in terms.items:
        words |= {f"{item.resource_kind}.{name}": text for name, text in _words(item).items()}
    return words


def _words(terms: AddonTerms | PlanItem | UnitPrice | None) -> dict[str, str]:
    """What terms say, by their fields; what is unset is left out."""
    if terms is None:
        return {}
    values = {one.name: getattr(terms, one.name) for one in fields(terms)}
    return {
        name: _word(value)
        for name, value in values.items()
        if value is not None and value != () and (value or name != "amount_cents")
    }


def _word(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ", ".join(map(_tier_word, value))
    return str(value)


def _tier_word(tier: PriceTier) -> str:
    limit = "beyond" if tier.up_to_qty is None else f"up to {plain(tier.up_to_qty)}"
    return f"{limit} at {plain(tier.unit_price_cents)}"


def _differences(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """In words, as `price_cents 5000 → 5500`; only the new ones of what is made."""
    if not before:
        return tuple(f"{name} {value}" for name, value in after.items())
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        f"{name} {before.get(name, NOTHING)} → {after.get(name, NOTHING)}"
        for name in names
        if before.get(name) != after.get(name)
    )
