"""Converts amounts to one currency with the rates of a month, or at parity without a rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from services.common.values.money import converted

__all__ = ["Conversion", "ExchangeRate", "Rate"]


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """A rate from a day on: one unit of `from_currency` is `rate` units of `to_currency`."""

    from_currency: str
    to_currency: str
    rate: Decimal
    effective_from: date
    effective_to: date | None
    source: str
    created_by: str
    created_at: datetime
    id: UUID | None = None
    """None before it is stored."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The value of one unit of another currency in the reporting currency."""

    id: UUID
    rate: Decimal


@dataclass
class Conversion:
    """Converts amounts and records the rates used, including assumed parity."""

    reporting_currency: str
    rates: Mapping[str, Rate]
    """Rates by source currency, in force on the month's last day."""
    used: set[UUID] = field(default_factory=set)
    parity_assumed: bool = False

    def cents(self, amount: Fraction | Decimal | int, currency: str) -> Fraction:
        """Converts cents of a currency to exact cents of the reporting currency."""
        if currency == self.reporting_currency or not amount:
            return Fraction(amount)
        found = self.rates.get(currency)
        if found is None:
            self.parity_assumed = True
        else:
            self.used.add(found.id)
        rate = found.rate if found else 1
        return converted(amount, currency, self.reporting_currency, rate)
