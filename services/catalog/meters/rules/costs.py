"""Rules of what the units of event meters cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kinds.metering import Meter
from services.common.errors import InvalidArgument
from services.common.rpc.fields import one_of
from services.common.values.effective_dates import Span

__all__ = ["NewCost", "check_months", "unit_of"]


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
