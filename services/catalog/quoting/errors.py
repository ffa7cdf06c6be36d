"""Errors of pricing and reading inputs, common to all engine versions."""

from datetime import date
from typing import Final

__all__ = [
    "MAX_AMOUNT",
    "AmountOutOfRange",
    "CannotReprice",
    "NoExchangeRate",
    "NoListPrice",
    "NoPriceInForce",
    "UnreadableInputs",
]

MAX_AMOUNT: Final = 10**15
"""Maximum of a line, in cents: more is a mistake, and sums must fit into 64 bits."""


class AmountOutOfRange(ValueError):
    """A line exceeds the maximum, so its price or quantity must be a mistake."""

    def __init__(self, resource_kind: str) -> None:
        super().__init__(f"{resource_kind} exceeds {MAX_AMOUNT} cents")
        self.resource_kind = resource_kind


class NoPriceInForce(ValueError):
    """Usage without a plan item on a day without a unit price in force."""

    def __init__(self, resource_kind: str, day: date, label: str = "") -> None:
        super().__init__(f"{label or resource_kind} has no price in force on {day}")
        self.resource_kind = resource_kind
        self.day = day


class NoListPrice(NoPriceInForce):
    """Usage that a rebilling rule prices, on a day without a list price for it."""

    def __init__(self, resource_kind: str, day: date, label: str, rule_code: str) -> None:
        super().__init__(resource_kind, day)
        needed_by = f"from which the rule {rule_code} prices it"
        self.args = (f"{label} has no list price on {day}, {needed_by}",)


class NoExchangeRate(ValueError):
    """Usage priced from cost in a currency for which no rate is set on a day."""

    def __init__(self, resource_kind: str, currency: str, day: date) -> None:
        super().__init__(
            f"{resource_kind} is priced from cost, and no exchange rate from USD to {currency} is"
            f" set for {day}"
        )
        self.resource_kind = resource_kind
        self.day = day


class CannotReprice(ValueError):
    """Inputs of an earlier engine do not tell enough to price their month otherwise."""


class UnreadableInputs(ValueError):
    """A text is not the inputs of an engine; `side` is `left` or `right` if two were read."""

    def __init__(self, reason: str, side: str = "") -> None:
        super().__init__(reason)
        self.side = side
