"""What a pricing model answers."""

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Charge"]


@dataclass(frozen=True, slots=True)
class Charge:
    """So many units at a price, and what they come to, in cents; see the package for `part`."""

    units: Decimal
    unit: str
    unit_price_cents: Decimal
    amount: Decimal
