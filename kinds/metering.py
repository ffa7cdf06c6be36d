"""Meters, and the rules by which resources are metered.

A meter measures usage in units. A rule states for a kind of resource how many things of the meter
one resource is at a time, by its fields then, and the dimensions of the usage. This is multiplied
by time: two containers for an hour are two container hours.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

__all__ = [
    "COST_IS_STATED",
    "DIMENSION_VALUE",
    "METERS",
    "POWERED_OFF",
    "Aggregation",
    "Basis",
    "Fields",
    "Measure",
    "Meter",
    "MeterRule",
    "Part",
    "Reading",
]

Fields = Mapping[str, str | None]
"""The fields of a resource at a time, as text by our names: `size`, `attrs.engine`. Null is empty,
unknown is absent or None; an object is JSON."""

PLACES: Final = 12
"""Decimal places of a size: as many as a quantity may have on the wire."""

DIMENSION_VALUE: Final = "[A-Za-z0-9._:/@+-]{1,100}"
"""The pattern of a dimension's value: short enough for a database key, and without what separates
values in matches and in the labels of usage."""

POWERED_OFF: Final = frozenset({"off"})
"""The provider's status for a powered-off resource."""

ONE: Final = Decimal(1)


class Basis(StrEnum):
    """The unit of time by which the reading is multiplied."""

    HOURS = "hours"
    MONTHS = "months"
    """Fractions of the calendar month: a whole month is 1."""
    EVENTS = "events"
    """Not multiplied: usage is reported as events."""


class Aggregation(StrEnum):
    """How the values of one day, or of one period, become a quantity."""

    SUM = "sum"
    TIME_WEIGHTED = "time_weighted"
    """Each value holds until the next one, and is multiplied by that time in the meter's basis."""
    MAX = "max"
    LATEST = "latest"
    UNIQUE = "unique"
    """The number of distinct values."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A kind of usage, and its units."""

    code: str
    units: Mapping[str, int]
    """The units for pricing, each with its quantity of usage."""
    basis: Basis
    dimensions: tuple[str, ...] = ()
    """The dimensions of its usage, such as `size`."""
    name: str = ""
    """For people; empty for a built-in meter, which invoices name."""
    aggregation: Aggregation = Aggregation.SUM


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
"""The built-in meters, by code."""

COST_IS_STATED: Final = frozenset({"llm_tokens"})
"""The built-in meters that no provider charges for: the operator states what their units cost."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The attribute with a resource's size, and the number of its units per GB."""

    attr: str
    per_gb: Decimal = ONE
    sampled_with: tuple[str, ...] = ()
    """Attributes of the same measurement, `measured_at` first, if the measure changes
    continuously: the history then has samples."""

    @property
    def field(self) -> str:
        """The attribute by its name in the history."""
        return f"attrs.{self.attr}"

    def gigabytes(self, value: str | None) -> Decimal | None:
        """The attribute's value, a JSON number as text, in GB; None if it is not a number.

        With at most twelve decimal places: a byte is 0.00000000093 GB.
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
    """The quantity of a meter that a resource was at a time, with its dimensions."""

    meter: Meter
    amount: Decimal | None
    """A size in GB, or a count; None if unknown."""
    dimensions: tuple[tuple[str, str], ...] = ()
    """Pairs of key and value, sorted by key; unknown ones are omitted."""


Part = tuple[Decimal, Mapping[str, str]]
"""Counts with their dimensions."""


@dataclass(frozen=True, slots=True)
class MeterRule:
    """How a kind of resource is metered."""

    code: str
    """The code of the meter."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """The source field of each dimension, or a member of one, such as `attrs.image.type`."""
    measure: Measure | None = None
    """The measure in GB; without one, each resource counts once."""
    only: tuple[str, str] | None = None
    """A field and its value as text, empty for null: a resource counts only while it has the
    value."""
    parts: tuple[str, Callable[[Any], Iterable[Part]]] | None = None
    """A field and a function that counts in its JSON, for a resource with several things to count.
    """
    counts_powered_off: bool = False
    """Whether it counts while powered off."""

    @property
    def meter(self) -> Meter:
        """The meter of the rule."""
        return METERS[self.code]

    @property
    def fields(self) -> frozenset[str]:
        """Every field that it reads, except that of its measure."""
        read = {_field_and_member(path)[0] for path in self.dimensions.values()}
        if self.only is not None:
            read.add(self.only[0])
        if self.parts is not None:
            read.add(self.parts[0])
        return frozenset(read)

    def readings(self, fields: Fields, status: str, size_gb: Decimal | None) -> Iterator[Reading]:
        """The readings of a resource with these fields; empty if it does not count.

        `size_gb` is its measured size, for a rule with a measure.
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
