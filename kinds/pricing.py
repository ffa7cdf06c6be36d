"""What a resource costs a month, by the provider's list prices: exact decimals in USD.

A rule looks at the size and the attrs of a resource, live or desired. It returns
None where the price is unknown, which is never zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

__all__ = [
    "FREE",
    "BySize",
    "Flat",
    "FromAttr",
    "OfParts",
    "PerUnit",
    "PriceRule",
    "Shared",
    "Surcharge",
    "When",
    "per_gigabyte",
]

Attrs = Mapping[str, Any]
ZERO: Final = Decimal(0)


class PriceRule(Protocol):
    """How a kind is priced."""

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month, unrounded; None when unknown."""

    def in_words(self) -> str:
        """For the documentation."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition on an attr: that it has this value."""

    attr: str
    value: Any
    words: str

    def holds(self, attrs: Attrs) -> bool | None:
        """Whether it does; None where the attr is unknown, as a field is that a scope hides."""
        return bool(attrs[self.attr] == self.value) if self.attr in attrs else None


@dataclass(frozen=True, slots=True)
class Flat:
    """One price for each resource; free where the condition does not hold.

    Unknown where it is unknown whether it holds.
    """

    usd: Decimal
    when: When | None = None

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        holds = True if self.when is None else self.when.holds(attrs)
        return None if holds is None else self.usd if holds else ZERO

    def in_words(self) -> str:
        """For the documentation."""
        if not self.usd:
            return "free"
        return f"${self.usd}" + (f" {self.when.words}, else free" if self.when else "")


FREE: Final = Flat(ZERO)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """By the unit; free where the condition does not hold."""

    usd: Decimal
    attr: str
    """Holds how many units there are."""
    when: When | None = None
    per: str = "times"
    """How the documentation says it, as in `a GB of`."""

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        holds = True if self.when is None else self.when.holds(attrs)
        if not holds:
            return None if holds is None else ZERO
        units = _number(attrs.get(self.attr))
        return None if units is None else self.usd * units

    def in_words(self) -> str:
        """For the documentation."""
        condition = f" {self.when.words}, else free" if self.when else ""
        return f"${self.usd} {self.per} `attrs.{self.attr}`{condition}"


def per_gigabyte(usd: Decimal, attr: str, when: When | None = None) -> PerUnit:
    """By the GB; free where the condition does not hold."""
    return PerUnit(usd, attr, when, "a GB of")


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A share of the price on top, where a list among the attrs has an element."""

    share: Decimal
    attr: str
    element: str

    def factor(self, attrs: Attrs) -> Decimal:
        """By what the price is multiplied."""
        listed = attrs.get(self.attr)
        has = isinstance(listed, list) and self.element in listed
        return 1 + self.share if has else Decimal(1)


@dataclass(frozen=True, slots=True)
class BySize:
    """By the list price of the size, times a count where there is one."""

    prices: Mapping[str, Decimal]
    times: str = ""
    surcharge: Surcharge | None = None
    priced_by: tuple[str, str] | None = None
    """The path and key under which the provider lists sizes with prices, which take precedence
    over `prices`. None where no API has them."""

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        price = self.prices.get(size.lower())
        count = _number(attrs.get(self.times)) if self.times else Decimal(1)
        if price is None or count is None:
            return None
        return price * count * (self.surcharge.factor(attrs) if self.surcharge else 1)

    def in_words(self) -> str:
        """For the documentation."""
        words = "by the list price of `size`"
        if self.priced_by:
            words += f" that `GET {self.priced_by[0]}` tells, else of our table"
        if self.times:
            words += f", times `attrs.{self.times}`"
        if self.surcharge:
            percent = f"{self.surcharge.share:.0%}"
            words += (
                f"; {percent} more where `attrs.{self.surcharge.attr}`"
                f" has `{self.surcharge.element}`"
            )
        return words


@dataclass(frozen=True, slots=True)
class OfParts:
    """The sum of the prices of a resource's parts."""

    parts: Callable[[Attrs], list[Decimal | None]]
    words: str

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month; None when the price of a part is unknown."""
        total = ZERO
        for price in self.parts(attrs):
            if price is None:
                return None
            total += price
        return total

    def in_words(self) -> str:
        """For the documentation."""
        return self.words


@dataclass(frozen=True, slots=True)
class FromAttr:
    """The price that the resource itself has in cents, at a dotted path within the attrs."""

    path: str

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        value: Any = attrs
        for step in self.path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        cents = _number(value)
        return None if cents is None else cents / 100

    def in_words(self) -> str:
        """For the documentation."""
        return f"as the provider tells at `attrs.{self.path}`, in cents"


@dataclass(frozen=True, slots=True)
class Shared:
    """Billed for the account as one: a single resource has no price of its own."""

    words: str

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """Always None: unknown."""
        return None

    def in_words(self) -> str:
        """For the documentation."""
        return self.words


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None
