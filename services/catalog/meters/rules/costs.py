"""Rules of what the units of event meters cost, the built-in ones too."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kinds.metering import COST_IS_STATED, METERS, Meter
from services.common.errors import InvalidArgument
from services.common.rpc.fields import one_of
from services.common.values.effective_dates import Span

__all__ = ["NewCost", "built_in_meter", "check_months", "unit_of"]


@dataclass(frozen=True, slots=True)
class NewCost:
    """The cost of a unit to state, in cents, from a month on."""

    meter_code: str
    unit: str
    unit_cost_cents: Decimal
    currency: str
    effective_from: date
    effective_to: date | None = None
    """The month after the last; None for no end."""

    @property
    def span(self) -> Span:
        """Its months, as days."""
        return Span(self.effective_from, self.effective_to)


def built_in_meter(code: str, field: str) -> Meter | None:
    """The built-in meter of this code whose cost may be stated; None if no built-in meter has it.

    Raises InvalidArgument, with the field, for a meter that the provider charges for.
    """
    if code in METERS and code not in COST_IS_STATED:
        raise InvalidArgument(
            field,
            f"the provider charges for {code}: its cost is in the provider's bills and list prices,"
            " and cannot be stated",
            reason="COST_FROM_PROVIDER",
        )
    return METERS.get(code)


def check_months(cost: NewCost, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for a span that is not of whole months."""
    for name in ("effective_from", "effective_to"):
        day: date | None = getattr(cost, name)
        if day is not None and day.day != 1:
            raise InvalidArgument(
                f"{field}{name}", "is not the first day of a month", reason="OUT_OF_RANGE"
            )
    if cost.effective_to is not None and cost.effective_to <= cost.effective_from:
        raise InvalidArgument(
            f"{field}effective_to", "must be after effective_from", reason="OUT_OF_RANGE"
        )


def unit_of(meter: Meter, unit: str, field: str) -> str:
    """The unit that a cost is of, by default the base unit. Raises InvalidArgument if unknown."""
    return one_of(field, unit or next(iter(meter.units)), meter.units, "UNKNOWN_UNIT")
