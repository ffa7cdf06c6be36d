"""Meters: what tenants are metered by, and how the fields of a resource say how much counts.

A meter measures something in units. A rule says how a kind of resource is metered: how many
of the meter's things one resource is at a time, by the fields that it has then, and which
dimensions tell them apart. Time does the rest: an hour of two containers is two container hours.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

__all__ = [
    "METERS",
    "POWERED_OFF",
    "Basis",
    "Fields",
    "Measure",
    "Meter",
    "MeterRule",
    "Part",
    "Reading",
]

Fields = Mapping[str, str | None]
"""What a resource's fields were at a time, as texts by our names: `size`, `attrs.engine`. What was
null is empty, what is unknown is absent or None; an object is JSON."""

PLACES: Final = 12
"""Digits after the point of a size: as many as a quantity may have on the wire."""

POWERED_OFF: Final = frozenset({"off"})
"""The provider's status words for it."""

ONE: Final = Decimal(1)


class Basis(StrEnum):
    """By what time what is there is multiplied."""

    HOURS = "hours"
    MONTHS = "months"
    """Shares of the calendar month, so that a whole month is 1."""
    EVENTS = "events"
    """By none: usage is sent in."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured, and in which units."""

    code: str
    units: Mapping[str, int]
    """The units that it is priced by, and how much usage one of them is."""
    basis: Basis
    dimensions: tuple[str, ...] = ()
    """What tells usage of it apart, such as `size`."""


def _meter(code: str, unit: str, basis: Basis, *dimensions: str, **larger: int) -> Meter:
    return Meter(code, MappingProxyType({unit: 1, **larger}), basis, dimensions)


METERS: Final[Mapping[str, Meter]] = MappingProxyType(
    {
        meter.code: meter
        for meter in (
            _meter("droplet_hours", "hour", Basis.HOURS, "size", "region", "image_kind"),
            _meter("spaces_gb_month", "gb_month", Basis.MONTHS, "region", "tier"),
            _meter("snapshot_gb_month", "gb_month", Basis.MONTHS, "kind", "region"),
            _meter("bandwidth_gb", "gb", Basis.EVENTS, "region", "resource_kind"),
            _meter("volume_gb_month", "gb_month", Basis.MONTHS, "region"),
            _meter("load_balancer_hours", "hour", Basis.HOURS, "size", "region"),
            _meter("database_hours", "hour", Basis.HOURS, "engine", "size", "nodes", "region"),
            _meter("database_storage_gb_month", "gb_month", Basis.MONTHS, "engine", "region"),
            _meter("kubernetes_ha_hours", "hour", Basis.HOURS, "region"),
            _meter("app_container_hours", "hour", Basis.HOURS, "size", "region"),
            _meter("reserved_ip_hours", "hour", Basis.HOURS, "region"),
            _meter("dns_zones", "zone", Basis.MONTHS),
            _meter("llm_tokens", "token", Basis.EVENTS, "model", **{"1k_tokens": 1000}),
        )
    }
)
"""The meters that need no declaration by an operator, by their codes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The attribute that says how much a resource holds, and how many of its units are a GB."""

    attr: str
    per_gb: Decimal = ONE
    sampled_with: tuple[str, ...] = ()
    """Attributes of the same measurement, `measured_at` the first, where the measure changes by
    itself all the time: then the history samples it."""

    @property
    def field(self) -> str:
        """The attribute as the history names it."""
        return f"attrs.{self.attr}"

    def gigabytes(self, value: str | None) -> Decimal | None:
        """The attribute's value, a JSON number as text, in GB; None for what is no number.

        With at most twelve digits after the point: a byte is 0.00000000093 GB.
        """
        try:
            amount = Decimal(value or "") / self.per_gb
            if amount.is_finite() and amount != round(amount, PLACES):
                amount = round(amount, PLACES)
        except InvalidOperation:
            return None
        return amount if amount.is_finite() and amount >= 0 else None


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a meter a resource was at a time, with its dimensions."""

    meter: Meter
    amount: Decimal | None
    """GB of what is measured by them, else a count; None where it is unknown."""
    dimensions: tuple[tuple[str, str], ...] = ()
    """Pairs of a key and its value, in the order of the keys; unknown ones are left out."""


Part = tuple[Decimal, Mapping[str, str]]
"""How many, and their dimensions."""


@dataclass(frozen=True, slots=True)
class MeterRule:
    """How a kind of resource is metered."""

    code: str
    """The meter's."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """The field that each dimension is read from, or a member of one, such as
    `attrs.image.type`."""
    measure: Measure | None = None
    """What is counted in GB; else each resource counts once."""
    only: tuple[str, str] | None = None
    """A field and its value as text, empty for null: it counts only while it has it."""
    parts: tuple[str, Callable[[Any], Iterable[Part]]] | None = None
    """A field, and what counts of its JSON, where a resource has several things that do."""
    counts_powered_off: bool = False
    """Whether it counts while it is powered off."""

    @property
    def meter(self) -> Meter:
        """What it is metered by."""
        return METERS[self.code]

    @property
    def fields(self) -> frozenset[str]:
        """Every field that it reads, beside the one of its measure."""
        read = {_field_and_member(path)[0] for path in self.dimensions.values()}
        if self.only is not None:
            read.add(self.only[0])
        if self.parts is not None:
            read.add(self.parts[0])
        return frozenset(read)

    def readings(self, fields: Fields, status: str, size_gb: Decimal | None) -> Iterator[Reading]:
        """What a resource of these fields counts as; nothing where it does not count.

        `size_gb` is what it held, for what is measured by it.
        """
        if status in POWERED_OFF and not self.counts_powered_off:
            return
        if self.only is not None and fields.get(self.only[0]) != self.only[1]:
            return
        known = {key: _read(fields, path) for key, path in self.dimensions.items()}
        if self.parts is not None:
            name, count = self.parts
            for amount, of_part in count(json.loads(fields.get(name) or "null")):
                yield Reading(self.meter, amount, _ordered({**known, **of_part}))
        else:
            held = size_gb if self.measure is not None else ONE
            yield Reading(self.meter, held, _ordered(known))


def _field_and_member(path: str) -> tuple[str, str]:
    """The field of a path, and the member of its JSON; empty for the whole field."""
    column, _, rest = path.partition(".")
    attr, _, member = rest.partition(".")
    return (f"{column}.{attr}" if attr else column), member


def _read(fields: Fields, path: str) -> str:
    """The text at a path; empty for unknown."""
    name, member = _field_and_member(path)
    said = fields.get(name) or ""
    if not member or not said:
        return said
    whole = json.loads(said)
    inner = whole.get(member) if isinstance(whole, dict) else None
    return inner if isinstance(inner, str) else ""


def _ordered(dimensions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in dimensions.items() if value))
