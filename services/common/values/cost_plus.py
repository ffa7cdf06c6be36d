"""Prices from cost: a cost in USD plus a percentage and a fixed amount, exact and pure."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.common.values.money import in_minor_units, whole_cents

__all__ = ["Markup"]


@dataclass(frozen=True, slots=True)
class Markup:
    """What is added to a cost; amounts in minor units of the price's currency.

    A step of 0 rounds nothing; a floor is the lowest price.
    """

    percent: Decimal
    fixed_cents: Decimal
    step_cents: Decimal
    floor_cents: Decimal

    def of(self, usd: Fraction, rate: Decimal, currency: str) -> Fraction:
        """The exact price of a cost, in minor units: marked up, rounded to the step, floored.

        A half of a step is rounded up. `rate` is the currency's units for a USD.
        """
        price = in_minor_units(usd * Fraction(rate), currency)
        price = price * (100 + Fraction(self.percent)) / 100 + Fraction(self.fixed_cents)
        if self.step_cents:
            step = Fraction(self.step_cents)
            price = whole_cents(price / step) * step
        return max(price, Fraction(self.floor_cents))
