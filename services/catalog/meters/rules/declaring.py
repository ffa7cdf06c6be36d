"""Rules of event meters: what may be declared, and what may change."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kinds.metering import COST_IS_STATED, METERS, Aggregation, Basis
from services.catalog.meters.rules.meters import MeterTerms, StoredMeter, Unit, in_order
from services.common.errors import AlreadyExists, FailedPrecondition, InvalidArgument

__all__ = [
    "MAX_METERS",
    "check_count",
    "check_meter",
    "check_not_needed",
    "check_not_retired",
    "check_unchanged",
    "updated",
]

MAX_METERS: Final = 500
"""Event meters of an installation, which every request that names one reads."""

MAX_UNITS: Final = 20
MAX_DIMENSIONS: Final = 10
MAX_FACTOR: Final = 10**12

UNIT: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,62}", re.ASCII)
DIMENSION: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)

OF_LINES: Final = frozenset({"flat", "minimum", "package"})
"""Units of lines that no meter has."""
OF_QUOTES: Final = frozenset({"qty"})
"""Keys beside the dimensions of projected usage."""
LINE_KINDS: Final = frozenset(
    {"plan_base", "addon", "overage", "ad_hoc", "rebilled", "one_off", "adjustment", "tax"}
)
"""Codes under which amounts without a meter are summed."""


def check_meter(meter: MeterTerms, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for a meter that may not be declared.

    Raises AlreadyExists for the code of a built-in meter.
    """
    if meter.code in METERS or meter.code in LINE_KINDS:
        may = "only its costs can be stated" if meter.code in COST_IS_STATED else ""
        raise AlreadyExists.of_field(
            f"{field}code",
            f"{meter.code!r} is built in; {may or 'choose another code'}",
            reason="METER_EXISTS",
            code=meter.code,
        )
    _check_units(meter.units, f"{field}units")
    _check_dimensions(meter.dimensions, f"{field}dimensions")
    is_timed = meter.aggregation is Aggregation.TIME_WEIGHTED
    if is_timed and meter.basis is Basis.EVENTS:
        raise InvalidArgument(
            f"{field}basis", "is required for time_weighted: hours or months",
            reason="FIELD_REQUIRED",
        )  # fmt: skip
    if not is_timed and meter.basis is not Basis.EVENTS:
        raise InvalidArgument(f"{field}basis", f"is not for {meter.aggregation}")


def updated(
    before: MeterTerms,
    *,
    name: str | None,
    units: Sequence[Unit],
    dimensions: Sequence[str],
    field: str = "",
) -> MeterTerms:
    """A meter with another name, and with more units and dimensions.

    Raises FailedPrecondition, with the field, for a unit that would change.
    """
    kept = {one.unit: one.factor for one in before.units}
    for place, one in enumerate(units):
        if kept.get(one.unit, one.factor) != one.factor:
            raise _fixed(
                f"{field}units[{place}].factor", before.code,
                f"{one.unit} is {kept[one.unit]} and cannot be changed; add another unit",
            )  # fmt: skip
        if one.factor == 1 and one.unit not in kept:
            raise _fixed(
                f"{field}units[{place}].factor", before.code,
                f"the base unit is {before.units[0].unit} and cannot be changed",
            )  # fmt: skip
    after = replace(
        before,
        name=before.name if name is None else name,
        units=in_order({*before.units, *units}),
        dimensions=tuple(dict.fromkeys((*before.dimensions, *dimensions))),
    )
    check_meter(after, field)
    return after


def check_unchanged(before: MeterTerms, wanted: MeterTerms, field: str) -> None:
    """Raises FailedPrecondition for a declaration that changes what cannot change."""
    for name in ("aggregation", "basis"):
        if getattr(before, name) != getattr(wanted, name):
            raise _fixed(
                f"{field}{name}", before.code,
                f"is {getattr(before, name)} and cannot be changed; add another meter",
            )  # fmt: skip


def check_not_retired(meter: StoredMeter) -> None:
    """Raises FailedPrecondition for a retired meter."""
    if meter.retired_at is not None:
        raise FailedPrecondition(
            f"code: the meter {meter.terms.code} is retired",
            reason="METER_RETIRED",
            metadata={"field": "code", "code": meter.terms.code},
        )


def check_not_needed(code: str, needs: Sequence[str]) -> None:
    """Raises FailedPrecondition, naming them, if something of the catalog needs a meter."""
    if needs:
        raise FailedPrecondition(
            f"code: the meter {code} is needed by {', '.join(needs)}",
            reason="METER_NEEDED",
            metadata={"field": "code", "code": code},
        )


def check_count(count: int) -> None:
    """Raises FailedPrecondition if there are as many event meters as there may be."""
    if count >= MAX_METERS:
        raise FailedPrecondition(
            f"there are {MAX_METERS} event meters already, as many as there may be",
            reason="TOO_MANY_METERS",
        )


def _check_units(units: Sequence[Unit], field: str) -> None:
    if not 1 <= len(units) <= MAX_UNITS:
        raise InvalidArgument(field, f"must be from 1 to {MAX_UNITS}", reason="OUT_OF_RANGE")
    names = [one.unit for one in units]
    for name in names:
        if not UNIT.fullmatch(name):
            raise InvalidArgument(
                field,
                f"{name!r} is not lower-case letters, digits and underscores, at most 63",
                reason="MALFORMED_CODE",
            )
        if name in OF_LINES:
            raise InvalidArgument(field, f"{name!r} is a unit of invoice lines; choose another")
        if names.count(name) > 1:
            raise InvalidArgument(field, f"{name!r} is named twice", reason="DUPLICATE")
    if not all(1 <= one.factor <= MAX_FACTOR for one in units):
        raise InvalidArgument(
            field, f"a factor must be from 1 to {MAX_FACTOR}", reason="OUT_OF_RANGE"
        )
    if [one.factor for one in units].count(1) != 1:
        raise InvalidArgument(field, "exactly one must have the factor 1: the base unit")


def _check_dimensions(keys: Sequence[str], field: str) -> None:
    if len(keys) > MAX_DIMENSIONS:
        raise InvalidArgument(field, f"must not be more than {MAX_DIMENSIONS}")
    for place, key in enumerate(keys):
        if not DIMENSION.fullmatch(key) or key in OF_QUOTES:
            raise InvalidArgument(
                f"{field}[{place}]",
                f"{key!r} is not lower-case letters, digits and underscores, beginning with a"
                " letter, at most 63, or is taken",
                reason="MALFORMED_CODE",
            )
        if key in keys[:place]:
            raise InvalidArgument(
                f"{field}[{place}]", f"{key!r} is named twice", reason="DUPLICATE"
            )


def _fixed(field: str, code: str, description: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"{field}: {description}",
        reason="METER_FIXED",
        metadata={"field": field, "code": code},
    )
