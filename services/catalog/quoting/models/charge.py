"""The result of a pricing model."""

from decimal import Decimal
from typing import NamedTuple

__all__ = ["Charge", "Part"]


class Part(NamedTuple):
    """A part of a month, in days."""

    days: int
    month: int


class Charge(NamedTuple):
    """`qty` / `over` units at a price, in cents, for `base` of them."""

    qty: Decimal
    over: int
    unit: str
    unit_price_cents: Decimal
    base: int = 1
    tier: int = 0
    """The number of the tier, from 1; 0 without tiers."""
