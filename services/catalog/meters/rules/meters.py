"""The meters that the catalog knows: the built-in ones, and the event meters of the operator."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self
from uuid import UUID

from kinds.metering import METERS, Aggregation, Basis, Meter
from services.common.errors import InvalidArgument
from services.common.rpc.fields import one_of

__all__ = ["BUILT_IN", "ListedMeter", "MeterCost", "MeterTerms", "Meters", "Source", "StoredMeter",
           "Unit", "in_order"]  # fmt: skip  # a table


class Source(StrEnum):
    """What a meter measures."""

    INVENTORY = "inventory"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a meter: so many base units."""

    unit: str
    factor: int


def in_order(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The base unit first, then by size."""
    return tuple(sorted(units, key=lambda one: (one.factor, one.unit)))


@dataclass(frozen=True, slots=True)
class MeterTerms:
    """A meter as it is declared."""

    code: str
    name: str
    units: tuple[Unit, ...]
    """The base unit first, then by size."""
    aggregation: Aggregation = Aggregation.SUM
    basis: Basis = Basis.EVENTS
    dimensions: tuple[str, ...] = ()

    @property
    def meter(self) -> Meter:
        """The same as a meter."""
        return Meter(
            self.code,
            MappingProxyType({one.unit: one.factor for one in self.units}),
            self.basis,
            self.dimensions,
            self.name,
            self.aggregation,
        )


@dataclass(frozen=True, slots=True)
class MeterCost:
    """What a unit of an event meter costs the operator, in its months."""

    id: UUID
    meter_code: str
    unit: str
    unit_cost_cents: Decimal
    currency: str
    effective_from: date
    effective_to: date | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMeter:
    """A stored event meter."""

    terms: MeterTerms
    retired_at: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedMeter:
    """A meter of a list, with its cost in force."""

    terms: MeterTerms
    source: Source
    retired: bool = False
    cost: MeterCost | None = None
    created_by: str = ""
    created_at: datetime | None = None
    retired_at: datetime | None = None

    @classmethod
    def built_in(cls, meter: Meter, cost: MeterCost | None = None) -> Self:
        """A built-in meter."""
        units = tuple([Unit(unit, factor) for unit, factor in meter.units.items()])
        terms = MeterTerms(
            meter.code, meter.name, units, meter.aggregation, meter.basis, meter.dimensions
        )
        source = Source.EVENTS if meter.basis is Basis.EVENTS else Source.INVENTORY
        return cls(terms, source, cost=cost)

    @classmethod
    def stored(cls, meter: StoredMeter, cost: MeterCost | None = None) -> Self:
        """An event meter of the operator."""
        return cls(
            meter.terms,
            Source.EVENTS,
            meter.retired_at is not None,
            cost,
            meter.created_by,
            meter.created_at,
            meter.retired_at,
        )


@dataclass(frozen=True)
class Meters(Mapping[str, Meter]):
    """The known meters, by code: the built-in ones, then the operator's, retired ones too.

    A value: equal meters are equal, and it can be the key of a cache.
    """

    own: tuple[MeterTerms, ...] = ()
    """The operator's, by code."""
    retired: frozenset[str] = field(default_factory=frozenset)
    """The codes of those that are no longer for sale."""

    @classmethod
    def of(cls, stored: Iterable[StoredMeter]) -> "Meters":
        """The built-in meters with stored ones."""
        found = [*stored]
        retired = frozenset(one.terms.code for one in found if one.retired_at is not None)
        return cls(tuple([one.terms for one in found]), retired)

    def __hash__(self) -> int:
        return hash((self.own, self.retired))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Meters):
            return NotImplemented
        return (self.own, self.retired) == (other.own, other.retired)

    def __getitem__(self, code: str) -> Meter:
        return self._known[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @cached_property
    def _known(self) -> Mapping[str, Meter]:
        return {**METERS, **{one.code: one.meter for one in self.own if one.code not in METERS}}

    def with_declared(self, declared: Sequence[MeterTerms]) -> "Meters":
        """With the meters of a catalog file, which may add to those of the same code."""
        if not declared:
            return self
        changed = {one.code: one for one in self.own}
        for one in declared:
            before = changed.get(one.code, one)
            units = {unit.unit: unit for unit in (*before.units, *one.units)}
            keys = dict.fromkeys((*before.dimensions, *one.dimensions))
            changed[one.code] = replace(one, units=in_order(units.values()), dimensions=tuple(keys))
        return Meters(tuple([changed[code] for code in sorted(changed)]), self.retired)

    def known(self, field: str, code: str) -> str:
        """The code of a meter, retired or not. Raises InvalidArgument for an unknown one."""
        return one_of(field, code, self, "UNKNOWN_KIND")

    def for_sale(self, field: str, code: str) -> str:
        """The code of a meter that may have new prices.

        Raises InvalidArgument for an unknown or retired one.
        """
        if self.known(field, code) in self.retired:
            raise InvalidArgument(field, f"the meter {code} is retired", reason="METER_RETIRED")
        return code


BUILT_IN: Final = Meters()
"""The built-in meters alone."""
