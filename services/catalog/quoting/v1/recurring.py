"""The lines that a month costs whatever is used: plan base and addons, whole and prorated."""

from decimal import Decimal
from functools import lru_cache

from services.catalog.quoting.v1.inputs import AddonSnapshot, QuoteInputs, Term, VersionSnapshot
from services.catalog.quoting.v1.lines import Line, LineKind, PlanChange, line
from services.catalog.quoting.v1.shares import days_in

__all__ = ["change_lines", "prorated_lines", "recurring_lines"]


def recurring_lines(inputs: QuoteInputs) -> tuple[Line, ...]:
    """A whole month by the terms that hold from here on."""
    addons = (_addon(held.addon, 1, 1) for held in inputs.addons if held.current)
    return (_base(inputs.term.version, 1, 1), *addons)


def prorated_lines(inputs: QuoteInputs) -> tuple[Line, ...]:
    """The same for the billed days: days over the days of the month, a line a version and addon."""
    month = inputs.month.days
    terms = ((term, days_in(term.days)) for term in (*inputs.former, inputs.term))
    addons = ((held.addon, days_in(held.days)) for held in inputs.addons)
    return (
        *(_base_of(term, days, month) for term, days in terms if days),
        *(_addon(addon, days, month) for addon, days in addons if days),
    )


def change_lines(inputs: QuoteInputs) -> PlanChange | None:
    """What a change gives back and charges for the days that are left."""
    change = inputs.change
    if change is None:
        return None
    month = inputs.month.days
    credits_ = tuple(
        _base(ending.version, -ending.days, month) for ending in change.endings if ending.days
    )
    charges = (_base(inputs.term.version, change.days, month),) if credits_ else ()
    added = (
        _addon(held.addon, days_in(held.days), month)
        for held in inputs.addons
        if held.added and held.days
    )
    return PlanChange(credits_, (*charges, *added))


def _base_of(term: Term, days: int, month: int) -> Line:
    return _base(term.version, days, month)


# Most quotes share their plan and addons: the objects are those of the price list.
@lru_cache(maxsize=4096)
def _base(version: VersionSnapshot, days: int, month: int) -> Line:
    meta = {"plan_version": str(version.version), "plan_version_id": version.id}
    return _month(
        LineKind.PLAN_BASE, "", f"Plan: {version.plan_code}", version.price_cents, days, month, meta
    )


@lru_cache(maxsize=4096)
def _addon(addon: AddonSnapshot, days: int, month: int) -> Line:
    kind, price = addon.resource_kind, addon.price_cents
    meta = {"addon_id": addon.id}
    return _month(LineKind.ADDON, kind, f"Addon: {addon.code}", price, days, month, meta)


def _month(
    kind: LineKind,
    resource_kind: str,
    description: str,
    price: int,
    days: int,
    month: int,
    meta: dict[str, str],
) -> Line:
    """One month at a price, or a part of it; negative days are given back."""
    if abs(days) != month:
        meta["proration"] = f"{abs(days)}/{month}"
    return line(
        kind,
        resource_kind,
        description,
        qty="1",
        unit="month",
        unit_price=str(price),
        amount=(Decimal(price * days), month) if days != month else (Decimal(price), 1),
        meta=meta,
    )
