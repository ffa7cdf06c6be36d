"""The price of a change in its month: the bill with the change less the bill without it.

Both bills include everything that does not depend on usage: plan, addons, minimums.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.catalog.plans.rules.matches import words
from services.catalog.quoting.inputs import HeldAddon, QuoteInputs, Spans, Term
from services.catalog.quoting.lines import Line, LineKind, PlanChange, ServiceDays
from services.catalog.quoting.numbers import cents
from services.catalog.quoting.recurring import merged_terms, month_line
from services.catalog.quoting.shares import minimum_shares

__all__ = ["change_lines"]

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Charge:
    """A monthly price with its billed days."""

    kind: LineKind
    resource_kind: str
    description: str
    price_cents: int
    days: Spans
    meta: dict[str, str]


def change_lines(inputs: QuoteInputs) -> PlanChange | None:
    """The credits and charges of a change for the remaining days."""
    if inputs.change is None:
        return None
    month = inputs.month.days
    held = [one for one in inputs.addons if not one.added]
    before = dict(_charges(inputs.change.replaced, held))
    after = dict(_charges(inputs.terms, inputs.addons))
    credits_: list[Line] = []
    charges: list[Line] = []
    for key in [*before, *(key for key in after if key not in before)]:
        for one in _difference(before.get(key), after.get(key), month):
            (credits_ if one.amount_cents < 0 or one.qty.startswith("-") else charges).append(one)
    return PlanChange(tuple(credits_), tuple(charges))


def _charges(terms: Sequence[Term], addons: Sequence[HeldAddon]) -> Iterator[tuple[Key, _Charge]]:
    for version, days in merged_terms(terms):
        meta = {"plan_version": str(version.version), "plan_version_id": version.id}
        yield (
            (LineKind.PLAN_BASE, version.plan_code, version.price_cents),
            _Charge(
                LineKind.PLAN_BASE,
                "",
                f"Plan: {version.plan_code}",
                version.price_cents,
                days,
                meta,
            ),
        )
    for place, held in enumerate(sorted(addons, key=lambda one: one.added)):
        addon = held.addon
        yield (
            (LineKind.ADDON, place),
            _Charge(
                LineKind.ADDON,
                addon.resource_kind,
                f"Addon: {addon.code}",
                addon.price_cents,
                held.days,
                {"addon_id": addon.id},
            ),
        )
    for share in minimum_shares(terms):
        item, version = share.item, share.version
        if item is not None:
            kind = item.resource_kind
            description = f"Minimum: {words(kind, item.match)}"
            yield (
                (LineKind.OVERAGE, kind, version.plan_code, version.price_cents, item),
                _Charge(LineKind.OVERAGE, kind, description, item.amount_cents, share.days, {}),
            )


def _difference(before: _Charge | None, after: _Charge | None, month: int) -> Iterator[Line]:
    """The days that are credited or charged; both sides if rounding makes them differ."""
    given, due = _days(before), _days(after)
    charge = after or before
    if len(given) == len(due) or charge is None:
        return
    more = len(due) - len(given)
    whole = _amount(charge, len(due), month) - _amount(charge, len(given), month)
    if _amount(charge, more, month) == whole:
        yield _line(charge, more, month, due - given if more > 0 else given - due)
        return
    if given:
        yield _line(charge, -len(given), month, given)
    if due:
        yield _line(charge, len(due), month, due)


def _days(charge: _Charge | None) -> frozenset[int]:
    """The days of a charge, as ordinals."""
    spans = () if charge is None else charge.days
    return frozenset(
        day for span in spans for day in range(span.start.toordinal(), span.end.toordinal())
    )


def _amount(charge: _Charge, days: int, month: int) -> int:
    return cents(Decimal(charge.price_cents * days), month)


def _line(charge: _Charge, days: int, month: int, of: frozenset[int]) -> Line:
    service = ServiceDays(date.fromordinal(min(of)), date.fromordinal(max(of) + 1), abs(days))
    return month_line(
        charge.kind,
        charge.resource_kind,
        charge.description,
        charge.price_cents,
        days,
        month,
        service,
        dict(charge.meta),
    )
