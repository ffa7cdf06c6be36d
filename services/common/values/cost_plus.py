"""Prices from cost: a cost in USD plus a percentage and a fixed amount, exact and pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.common.values.money import in_minor_units, whole_cents

__all__ = ["Markup", "cost_plus"]


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


def cost_plus(usd: Sequence[Decimal], markup: Markup, rate: Decimal, currency: str) -> list[int]:
    """The prices of cost lines in whole minor units.

    They add up to the rounded price of all lines together, and each is within one of its own exact
    price, by largest remainders. Credits, which are negative costs, are passed on without the fixed
    amount and the floor.
    """
    credit = Markup(markup.percent, Decimal(0), markup.step_cents, Decimal(0))
    exact = [
        -credit.of(-Fraction(one), rate, currency)
        if one < 0
        else markup.of(Fraction(one), rate, currency)
        for one in usd
    ]
    whole = [price.numerator // price.denominator for price in exact]
    rests = [price - floor for price, floor in zip(exact, whole, strict=True)]
    left = whole_cents(sum(exact, Fraction(0))) - sum(whole)
    return [floor + more for floor, more in zip(whole, _largest(rests, left), strict=True)]


def _largest(rests: Sequence[Fraction], left: int) -> list[int]:
    """One more for each of the `left` largest remainders; the earlier wins among equal ones."""
    order = sorted(range(len(rests)), key=lambda place: -rests[place])
    more = set(order[:left])
    return [int(place in more) for place in range(len(rests))]
