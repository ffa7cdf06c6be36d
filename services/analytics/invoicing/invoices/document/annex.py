"""The usage annex of an invoice: the usage of each resource in the month, with totals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kinds.metering import METERS
from services.analytics.invoicing.invoices.document.formatting import quantity_text
from services.analytics.invoicing.invoices.document.naming import NONE, Meter, meter_of, unit_name
from services.analytics.usage.rules.dimensions import json_of
from services.analytics.usage.rules.figures import MeterTotal, ResourceUsage, UsageByResource

__all__ = ["MAX_RESOURCES", "Annex", "AnnexRow", "AnnexSection", "annex_of"]

MAX_RESOURCES: Final = 1_000
"""Maximum number of deployments listed individually; the totals cover all of them."""

EVENTS: Final = "Reported as events"
"""Heading of usage that belongs to no resource, such as tokens."""


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """The usage of one meter with the same dimensions by one resource."""

    resource: str
    meter: str
    qty: str


@dataclass(frozen=True, slots=True)
class AnnexSection:
    """The usage of a deployment."""

    title: str
    rows: tuple[AnnexRow, ...]


@dataclass(frozen=True, slots=True)
class Annex:
    """Usage by resource, ready to be laid out."""

    about: str
    sections: tuple[AnnexSection, ...]
    totals: tuple[AnnexRow, ...]
    """The total of each meter over all deployments."""


def annex_of(
    used: UsageByResource, names: Mapping[str, str], days: str, meters: Mapping[str, Meter] = NONE
) -> Annex | None:
    """The annex of some usage in days such as `1 to 30 April 2026`; None without any usage.

    `names` are those of the deployments, `meters` the operator's meters as frozen.
    """
    if not used.totals:
        return None
    resources: dict[tuple[str, str, str], list[ResourceUsage]] = {}
    for one in used.resources:
        resources.setdefault(_place(one), []).append(one)
    sections: dict[str, list[AnnexRow]] = {}
    for total in used.totals:
        rows = _rows(total, resources.get(_place(total), ()), meters)
        sections.setdefault(total.deployment_id, []).extend(rows)
    shown, left = [], MAX_RESOURCES
    for deployment, rows in sections.items():
        if left <= 0:
            break
        shown.append(AnnexSection(names.get(deployment) or deployment, tuple(rows)))
        left -= len(rows)
    omitted = len(sections) - len(shown)
    metered = max(total.metered_at for total in used.totals)
    return Annex(
        about=(
            f"Usage of {days}, as metered until {metered:%-d %B %Y}. Usage within plan"
            f" allowances is included.{_omitted(omitted)}"
        ),
        sections=tuple(shown),
        totals=tuple(_row("", meter_of(code, meters), qty) for code, qty in _by_meter(used.totals)),
    )


def _rows(
    total: MeterTotal, resources: Sequence[ResourceUsage], meters: Mapping[str, Meter]
) -> list[AnnexRow]:
    meter = meter_of(total.resource_kind, meters)
    used = [(one.resource_name, one.qty) for one in resources]
    if more := total.resource_count - len(resources):
        rest = total.resources_qty - sum((one.qty for one in resources), Decimal(0))
        used.append((f"{more:,} more", rest))
    if events := total.qty - total.resources_qty:
        used.append((EVENTS, events))
    of = _dimensions(total)
    return [_row(f"{who}{of}", meter, qty) for who, qty in used]


def _place(one: ResourceUsage | MeterTotal) -> tuple[str, str, str]:
    return one.deployment_id, one.resource_kind, json_of(one.dimensions)


def _dimensions(total: MeterTotal) -> str:
    """Its dimensions in the order of their meter, such as ` (s-1vcpu-1gb, syd1)`; or empty."""
    meter = METERS.get(total.resource_kind)
    keys = meter.dimensions if meter else sorted(total.dimensions)
    known = [total.dimensions[key] for key in keys if key in total.dimensions]
    return f" ({', '.join(known)})" if known else ""


def _omitted(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return " 1 further deployment is not listed; the totals include it."
    return f" {count:,} further deployments are not listed; the totals include them."


def _by_meter(totals: Iterable[MeterTotal]) -> list[tuple[str, Decimal]]:
    sums: dict[str, Decimal] = {}
    for total in totals:
        sums[total.resource_kind] = sums.get(total.resource_kind, Decimal(0)) + total.qty
    return sorted(sums.items())


def _row(resource: str, meter: Meter, qty: Decimal) -> AnnexRow:
    number = quantity_text(qty)
    return AnnexRow(resource, meter.name, f"{number} {unit_name(meter.unit, number)}")
