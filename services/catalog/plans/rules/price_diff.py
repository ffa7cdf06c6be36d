"""Computes the changes that bring unit prices to those of a document. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.catalog.plans.rules.changes import Change, PriceChange, PriceEnd
from services.catalog.plans.rules.deciding import check_prices_decide
from services.catalog.plans.rules.matches import Match, named
from services.catalog.plans.rules.plans import ResourcePrice, UnitPrice
from services.catalog.plans.rules.words import NOTHING, differences, words_of
from services.common.errors import FailedPrecondition
from services.common.values.effective_dates import Span

__all__ = ["price_changes"]

Line = tuple[str, str, Match]
"""A kind, a currency and a match, whose prices follow one another."""
PriceKey = tuple[str, str, Match, date]
"""A price's kind, currency and match, and its first day."""


def price_changes(wanted: Sequence[UnitPrice], kept: Sequence[ResourcePrice]) -> list[Change]:
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
    check_prices_decide([*standing, *created], "document")
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
        words = differences({}, words_of(part if position else price))
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
    return (price.resource_kind, price.currency, price.match)


def _price_key(price: UnitPrice) -> PriceKey:
    return (*_line(price), price.effective_from)


def _name(price: UnitPrice) -> str:
    return f"{named(price.resource_kind, price.match)} {price.currency} {price.effective_from}"
