"""The recurring lines of a month: plan base and addons, whole and prorated.

A whole month costs its price. A part of it is a number of days at the monthly price per all days.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from services.catalog.quoting.inputs import AddonSnapshot, HeldAddon, Spans, Term, VersionSnapshot
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
    """The recurring lines of terms and addons, with their canonical JSON."""

    recurring: tuple[Line, ...]
    """A whole month by the terms in force from now on."""
    prorated: tuple[Line, ...]
    """The billed days: one line per plan at a price, and per addon."""
    json: tuple[Sequence[Any], Sequence[Any]]
    """The canonical JSON fields of each line of both."""


def fixed_lines(terms: tuple[Term, ...], addons: tuple[HeldAddon, ...], month: int) -> FixedLines:
    """The lines of terms and addons in a month with this number of days."""
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


# Cached for the price list, which most previews have in common; those of a subscription have
# their own ids.
shared_fixed_lines: Final = lru_cache(maxsize=2048)(fixed_lines)


# Cached, because most subscriptions have common terms.
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
    """Merges terms of one plan at one price, with all their days and the latest version."""
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


# Addons at one price are common, but each subscription has its own ids for them.
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
    """One month at a price, or some of its days; negative days are credited.

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
