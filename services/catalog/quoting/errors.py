"""Why inputs cannot be priced, or not be read; the same for every version of the engine."""

from datetime import date
from typing import Final

__all__ = ["MAX_AMOUNT", "AmountOutOfRange", "NoPriceInForce", "UnreadableInputs"]

MAX_AMOUNT: Final = 10**15
"""Of a line, in cents: more is a mistake, and sums of it fit no 64 bits."""


class AmountOutOfRange(ValueError):
    """A line of more than anybody owes: its price or its quantity is a mistake."""

    def __init__(self, resource_kind: str) -> None:
        super().__init__(f"{resource_kind} comes to more than {MAX_AMOUNT} cents")
        self.resource_kind = resource_kind


class NoPriceInForce(ValueError):
    """Usage that the plan does not cover, on a day on which no unit price is in force."""

    def __init__(self, resource_kind: str, day: date) -> None:
        super().__init__(f"{resource_kind} has no price in force on {day}")
        self.resource_kind = resource_kind
        self.day = day


class UnreadableInputs(ValueError):
    """No input of an engine; `side` is `left` or `right` where two were read."""

    def __init__(self, reason: str, side: str = "") -> None:
        super().__init__(reason)
        self.side = side
