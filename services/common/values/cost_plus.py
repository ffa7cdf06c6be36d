"""Prices from cost: a cost in USD plus a percentage and a fixed amount, exact and pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.common.values.money import in_minor_units, whole_cents

__all__ = ["Markup", "allotted", "tenant_meta"]

RULE: Final = "rebilling_rule_id"
"""The metadata of every line that is priced from cost."""

SHOWN: Final = frozenset(
    {
        RULE,
        "allowance",
        "billed_cents",
        "exact_qty",
        "list_price_id",
        "meter_name",
        "part",
        "product",
        "proration",
        "reason",
        "used",
    }
)
SHOWN_PREFIX: Final = "adjusts_"
"""The metadata of such a line that its tenant sees."""


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
        return self.rounded(usd * self.per_dollar(rate, currency) + Fraction(self.fixed_cents))

    def per_dollar(self, rate: Decimal, currency: str) -> Fraction:
        """The exact price of a USD of cost, in minor units, without the fixed amount."""
        return in_minor_units(Fraction(rate), currency) * (100 + Fraction(self.percent)) / 100

    def rounded(self, price: Fraction) -> Fraction:
        """A price rounded to the step, half up, and at least the floor."""
        if self.step_cents:
            step = Fraction(self.step_cents)
            price = whole_cents(price / step) * step
        return max(price, Fraction(self.floor_cents))


def allotted(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Allots the price of a set of costs to its parts, with largest remainders.

    `exact` are the parts' own prices. The shares add up to the total; if that is the parts' sum
    rounded to a whole unit, each is within one of its exact price. What a step, a floor or an
    adjustment adds to the sum is spread evenly. Among equal remainders, the earlier wins. Raises
    ValueError for a nonzero total without parts.
    """
    if not exact:
        if total:
            raise ValueError("there are no parts")
        return []
    shares = [price.numerator // price.denominator for price in exact]
    each, more = divmod(total - sum(shares), len(exact))
    by_remainder = sorted(
        range(len(exact)), key=lambda place: (shares[place] - exact[place], place)
    )
    for place in by_remainder[:more]:
        shares[place] += 1
    return [share + each for share in shares]


def tenant_meta(meta: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a line as its tenant sees it.

    A line that is priced from cost has its rule and list price by their ids: the provider's price,
    the exchange rate and the rule's code, which may say the percentage, are the operator's own.
    """
    if RULE not in meta:
        return dict(meta)
    return {
        name: said for name, said in meta.items() if name in SHOWN or name.startswith(SHOWN_PREFIX)
    }
