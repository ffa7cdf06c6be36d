"""Computes the changes that bring the catalog to a document. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from services.catalog.plans.rules.changes import (
    AddonChange,
    AddonEntry,
    CatalogDocument,
    CatalogState,
    Change,
    PlanEntry,
    PlanEntryChange,
    PriceChange,
    PriceEnd,
    VersionChange,
)
from services.catalog.plans.rules.plans import (
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
from services.common.values.effective_dates import Span
from services.common.values.money import plain

__all__ = ["missing_from", "plan_changes"]

NOTHING: Final = "none"

Line = tuple[str, str]
"""A kind and a currency, whose prices follow one another."""
PriceKey = tuple[str, str, date]
"""A price's kind and currency, and its first day."""


def plan_changes(state: CatalogState, wanted: CatalogDocument) -> list[Change]:
    """The changes in the order in which they can be applied; empty if there are none.

    Raises FailedPrecondition for changes that are not possible: the kind or currency of an addon,
    or a unit price that was set.
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
    """Keeps only entries that the catalog does not have, so an operator's changes are kept.

    A plan or addon is identified by its code, a price by its kind and currency.
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
        yield PlanEntryChange("create", "plan", entry.code, (f"name {entry.name}",), entry=entry)
    elif plan.name != entry.name:
        names = (f"name {plan.name} → {entry.name}",)
        yield PlanEntryChange("update", "plan", entry.code, names, entry=entry)
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
                f"addon {entry.code}: its {name} cannot be changed; create another addon",
                reason="ADDON_FIXED",
                metadata={"field": "document", "code": entry.code},
            )
    yield AddonChange("update", "addon", entry.code, differences, entry=entry)


def _price_changes(wanted: Sequence[UnitPrice], kept: Sequence[ResourcePrice]) -> list[Change]:
    """Ends first, then new prices by first day, because each overrides earlier ones."""
    known = {_price_key(one.price): one for one in kept}
    lines: defaultdict[Line, list[UnitPrice]] = defaultdict(list)
    for price in [*(one.price for one in kept), *wanted]:
        lines[_line(price)].append(price)
    ends: dict[PriceKey, PriceEnd] = {}
    created: list[UnitPrice] = []
    for price in sorted(wanted, key=_price_key):
        key = _price_key(price)
        if key not in known:
            created.append(price)
            continue
        for end in _price_end(known[key], price, lines[_line(price)]):
            ends[key] = end
    standing = _standing(kept, ends, {_price_key(price) for price in wanted})
    _check_nested(created, standing)
    changes: list[Change] = [*ends.values()]
    for price in created:
        changes += _creations(price, standing)
    return changes


def _standing(
    kept: Sequence[ResourcePrice], ends: Mapping[PriceKey, PriceEnd], named: Collection[PriceKey]
) -> list[UnitPrice]:
    """The prices as set, before later prices split them.

    The remainder after another price belongs to the price that it continues. It counts as a price
    only if the document names it, or the first part is gone.
    """
    rests = {one.continues: one.price.effective_to for one in kept if one.continues is not None}
    roots = {one.id for one in kept if one.continues is None}
    found = []
    for one in kept:
        price, key = one.price, _price_key(one.price)
        if one.continues in roots and key not in named:
            continue
        end = price.effective_to
        if one.continues is None and one.id in rests:
            end = rests[one.id]
        if key in ends:
            end = ends[key].effective_to
        found.append(replace(price, effective_to=end))
    return found


def _price_end(
    before: ResourcePrice, price: UnitPrice, line: Sequence[UnitPrice]
) -> Iterable[PriceEnd]:
    """An open price may be ended; nothing else of a set price can change."""
    following = [other for other in line if other.effective_from > price.effective_from]
    first = min((other.effective_from for other in following), default=None)
    said = price
    if first is not None:  # there it is interrupted, or over
        said = replace(price, effective_to=_days(price).until(first).end)
    if before.price == said:
        return
    if replace(before.price, effective_to=said.effective_to) != said or (
        before.price.effective_to is not None or said.effective_to is None
    ):
        raise FailedPrecondition(
            f"resource price {_name(said)}: is already set; set another from a later day",
            reason="PRICE_FIXED",
            metadata={"field": "document", "price": _name(said)},
        )
    if price.effective_to is None or any(
        other.effective_from == price.effective_to and other.effective_to is None
        for other in following
    ):
        return  # the one that follows ends it
    yield PriceEnd(
        "update",
        "resource_price",
        _name(said),
        (f"effective_to {NOTHING} → {price.effective_to}",),
        price_id=before.id,
        effective_to=price.effective_to,
    )


def _creations(price: UnitPrice, standing: Iterable[UnitPrice]) -> Iterable[PriceChange]:
    """A new price, limited to days without a price set from a later day."""
    later = [
        _days(other)
        for other in standing
        if _line(other) == _line(price) and other.effective_from > price.effective_from
    ]
    for position, days in enumerate(_days(price).without(later)):
        part = replace(price, effective_from=days.start, effective_to=days.end)
        # The first part ends where another price begins, or where the document says.
        words = _differences({}, _words(part if position else price))
        yield PriceChange("create", "resource_price", _name(part), words, price=part)


def _check_nested(created: Sequence[UnitPrice], standing: Sequence[UnitPrice]) -> None:
    """Rejects a new price whose days are ambiguous.

    Raises FailedPrecondition if it ends within another that begins later, or begins within one that
    ends earlier.
    """
    for price in created:
        for other in [*created, *standing]:
            if _line(other) != _line(price):
                continue
            if _days(price).ends_within(_days(other)) or _days(other).ends_within(_days(price)):
                raise FailedPrecondition(
                    f"resource price {_name(price)}: overlaps the one from {other.effective_from},"
                    " and neither is within the other",
                    reason="PRICE_OVERLAPS",
                    metadata={"field": "document", "price": _name(price)},
                )


def _days(price: UnitPrice) -> Span:
    return Span(price.effective_from, price.effective_to)


def _line(price: UnitPrice) -> Line:
    return (price.resource_kind, price.currency)


def _price_key(price: UnitPrice) -> PriceKey:
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
    """The fields of terms, without unset ones."""
    if terms is None:
        return {}
    values = {one.name: getattr(terms, one.name) for one in fields(terms)}
    return {
        name: _word(value)
        for name, value in values.items()
        if value is not None and value != () and (value or name != "amount_cents")
    }


def _word(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ", ".join(map(_tier_word, value))
    return str(value)


def _tier_word(tier: PriceTier) -> str:
    limit = "beyond" if tier.up_to_qty is None else f"up to {plain(tier.up_to_qty)}"
    return f"{limit} at {plain(tier.unit_price_cents)}"


def _differences(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """The differences in words, such as `price_cents 5000 → 5500`; for new entries, only values."""
    if not before:
        return tuple(f"{name} {value}" for name, value in after.items())
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        f"{name} {before.get(name, NOTHING)} → {after.get(name, NOTHING)}"
        for name in names
        if before.get(name) != after.get(name)
    )
