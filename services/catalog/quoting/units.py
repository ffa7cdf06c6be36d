"""The pricing units of meters: built-in ones by code, the operator's as frozen in the inputs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, Inexact
from typing import Final

from services.catalog.meters.rules.meters import Meters, Unit
from services.catalog.quoting.numbers import EXACT
from services.catalog.vocabulary import UNITS

__all__ = ["MeterSnapshot", "base_unit", "in_units", "meter_meta", "meter_snapshots", "units_of"]


@dataclass(frozen=True, slots=True)
class MeterSnapshot:
    """An event meter of the operator."""

    code: str
    name: str
    units: tuple[Unit, ...]


Own = tuple[MeterSnapshot, ...]
"""The operator's meters that some inputs use."""

NONE: Final[Own] = ()


def meter_snapshots(meters: Meters, codes: Iterable[str]) -> Own:
    """The operator's meters of some codes, by code."""
    named = frozenset(codes)
    return tuple(
        [MeterSnapshot(one.code, one.name, one.units) for one in meters.own if one.code in named]
    )


def units_of(code: str, own: Own = NONE) -> Mapping[str, int]:
    """The units of a meter, each with its quantity of usage. Raises ValueError if it is unknown.

    Frozen units come first: a later release may have a built-in meter of the same code.
    """
    for meter in own:
        if meter.code == code:
            return {one.unit: one.factor for one in meter.units}
    known = UNITS.get(code)
    if known is not None:
        return known
    raise ValueError(f"{code!r} is not a kind of usage")


def meter_meta(code: str, own: Own) -> dict[str, str]:
    """The metadata of a line of the operator's meter: its name. Empty for a built-in one."""
    names = [meter.name for meter in own if meter.code == code]
    return {"meter_name": names[0]} if names else {}


def base_unit(code: str, own: Own) -> str:
    """The unit of which one is one unit of usage."""
    return next(unit for unit, factor in units_of(code, own).items() if factor == 1)


def in_units(qty: Decimal, over: int, code: str, unit: str, own: Own = NONE) -> tuple[Decimal, int]:
    """`qty` / `over` units of usage as pricing units, exactly: a numerator and a denominator."""
    factor = units_of(code, own)[unit]
    if factor == 1:
        return qty, over
    try:
        return EXACT.divide(qty, Decimal(factor)), over
    except Inexact:  # 3600 seconds an hour
        return qty, over * factor
