"""The lines that a month costs whatever is used: plan base and addons, whole and prorated.

A month costs its price. A part of it reads as so many days at the price of all days.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    Spans,
    Term,
    VersionSnapshot,
)
from services.catalog.quoting.lines import (
    Line,
    LineKind,
    ServiceDays,
    content_of,
    line,
    line_json,
    service_of,
)

__all__ = ["FixedLines", "fixed_lines", "merged_terms", "month_line", "shared_fixed_lines"]


class FixedLines(NamedTuple):
    """What terms and addons cost, whatever is used, as lines and as their canonical JSON."""

    recurring: tuple[Line, ...]
    """A whole month by the terms that hold from here on."""
    prorated: tuple[Line, ...]
    """The billed days, a line for each plan at a price, and for each addon."""
    json: tuple[Sequence[Any], Sequence[Any]]
    """Of each line of both, what canonical JSON is made of."""


def fixed_lines(terms: tuple[Term, ...], addons: tuple[HeldAddon, ...], month: int) -> FixedLines:
    """The lines of terms and addons in a month of so many days."""
    base = _term_lines(terms, month)
    if not addons:
        return base
    whole: list[Line] = []
    prorated: list[Line] = []
    for held in addons:
        service = service_of(held.days)
        if service is not None:
            prorated.append(_addon(held.addon, service.days, month, service))
        if held.current:
            whole.append(_addon(held.addon, month, month, None))
    return FixedLines(
        (*base.recurring, *whole),
        (*base.prorated, *prorated),
        (
            [*base.json[0], *[content_of(one) for one in whole]],
            [*base.json[1], *[content_of(one) for one in prorated]],
        ),
    )


# Those of the price list, which most previews have in common; those of a subscription have ids of
# their own.
shared_fixed_lines: Final = lru_cache(maxsize=2048)(fixed_lines)


# Most subscriptions have their terms in common.
@lru_cache(maxsize=2048)
def _term_lines(terms: tuple[Term, ...], month: int) -> FixedLines:
    recurring = (_base(terms[-1].version, month, month, None),)
    prorated = tuple(
        _base(version, service.days, month, service)
        for version, days in merged_terms(terms)
        if (service := service_of(days)) is not None
    )
    return FixedLines(
        recurring, prorated, (tuple(map(line_json, recurring)), tuple(map(line_json, prorated)))
    )


def merged_terms(terms: Sequence[Term]) -> list[tuple[VersionSnapshot, Spans]]:
    """Terms of one plan at one price as one, with the days of all and the latest version."""
    if len(terms) == 1:
        return [(terms[0].version, terms[0].days)]
    found: dict[tuple[str, int], tuple[VersionSnapshot, Spans]] = {}
    for term in terms:
        key = (term.version.plan_code, term.version.price_cents)
        _, days = found.get(key, (None, ()))
        found[key] = term.version, (*days, *term.days)
    return list(found.values())


def _base(version: VersionSnapshot, days: int, month: int, service: ServiceDays | None) -> Line:
    meta = {"plan_version": str(version.version), "plan_version_id": version.id}
    description = f"Plan: {version.plan_code}"
    return month_line(
        LineKind.PLAN_BASE, "", description, version.price_cents, days, month, service, meta
    )


def _addon(addon: AddonSnapshot, days: int, month: int, service: ServiceDays | None) -> Line:
    sold = _addon_sold(addon.resource_kind, addon.code, addon.price_cents, days, month, service)
    return sold._replace(meta={"addon_id": addon.id, **sold.meta})


# Each subscription has ids of its own for addons that many have at one price.
@lru_cache(maxsize=4096)
def _addon_sold(
    resource_kind: str,
    code: str,
    price_cents: int,
    days: int,
    month: int,
    service: ServiceDays | None,
) -> Line:
    description = f"Addon: {code}"
    return month_line(
        LineKind.ADDON, resource_kind, description, price_cents, days, month, service, {}
    )


def month_line(
    kind: LineKind,
    resource_kind: str,
    description: str,
    price_cents: int,
    days: int,
    month: int,
    service: ServiceDays | None,
    meta: dict[str, str],
) -> Line:
    """One month at a price, or some of its days; negative days are given back.

    Raises AmountOutOfRange.
    """
    whole = abs(days) == month
    if not whole:
        meta["proration"] = f"{abs(days)}/{month}"
    return line(
        kind,
        resource_kind,
        description,
        qty=Decimal(days // month if whole else days),
        over=1,
        unit="month" if whole else "day",
        unit_price=Decimal(price_cents),
        base=1 if whole else month,
        service=service,
        meta=meta,
    )
