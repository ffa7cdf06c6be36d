"""Monthly cost of a resource by the provider's list prices: exact decimals in USD.

A rule uses the size and the attrs of a live or desired resource. It returns None for an unknown
price, which is never zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, Protocol

__all__ = [
    "APP_SIZES",
    "AS_OF",
    "DATABASE_SIZES",
    "DROPLET_SIZES",
    "FREE",
    "RETIRED_SIZES",
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

AS_OF: Final = date(2026, 8, 7)
"""When the table was last compared with the provider's pages."""


def _prices(text: str) -> Mapping[str, Decimal]:
    pairs = (pair.split("=") for pair in text.split())
    return MappingProxyType({size: Decimal(price) for size, price in pairs})


DROPLET_SIZES: Final = _prices("""
    s-1vcpu-512mb-10gb=4 s-1vcpu-1gb=6 s-1vcpu-2gb=12 s-2vcpu-2gb=18 s-2vcpu-4gb=24
    s-4vcpu-8gb=48 s-8vcpu-16gb=96
    s-1vcpu-1gb-amd=7 s-1vcpu-2gb-amd=14 s-2vcpu-2gb-amd=21 s-2vcpu-4gb-amd=28
    s-2vcpu-8gb-amd=42 s-4vcpu-8gb-amd=56 s-4vcpu-16gb-amd=84 s-8vcpu-16gb-amd=112
    s-8vcpu-32gb-amd=168
    s-1vcpu-1gb-intel=7 s-1vcpu-1gb-35gb-intel=8 s-1vcpu-2gb-intel=14 s-1vcpu-2gb-70gb-intel=16
    s-2vcpu-2gb-intel=21 s-2vcpu-2gb-90gb-intel=24 s-2vcpu-4gb-intel=28
    s-2vcpu-4gb-120gb-intel=32 s-2vcpu-8gb-160gb-intel=48 s-4vcpu-8gb-intel=56
    s-4vcpu-8gb-240gb-intel=64 s-4vcpu-16gb-320gb-intel=96 s-8vcpu-16gb-intel=112
    s-8vcpu-16gb-480gb-intel=128 s-8vcpu-32gb-640gb-intel=192
    c-2=42 c-4=84 c-8=168 c-16=336 c-32=672
    g-2vcpu-8gb=63 g-4vcpu-16gb=126 g-8vcpu-32gb=252 g-16vcpu-64gb=504 g-32vcpu-128gb=1008
    g-40vcpu-160gb=1260
    m-2vcpu-16gb=84 m-4vcpu-32gb=168 m-8vcpu-64gb=336 m-16vcpu-128gb=672 m-24vcpu-192gb=1008
    m-32vcpu-256gb=1344
    so-2vcpu-16gb=131 so-4vcpu-32gb=262 so-8vcpu-64gb=524 so-16vcpu-128gb=1048
    so-24vcpu-192gb=1572 so-32vcpu-256gb=2096
    gpu-l40sx1-48gb=1055.04 gpu-h100x1-80gb=2278.08 gpu-h100x8-640gb=16074.24
    gpu-4000adax1-20gb=510.72 gpu-6000adax1-48gb=1270.08
""")

RETIRED_SIZES: Final = frozenset({
    "c-1vcpu-2gb", "m-1vcpu-8gb", "s-1vcpu-3gb", "s-3vcpu-1gb", "s-6vcpu-16gb", "s-8vcpu-32gb",
    "s-12vcpu-48gb", "s-16vcpu-64gb", "s-20vcpu-96gb", "s-24vcpu-128gb", "s-32vcpu-192gb",
    "s-32vcpu-192g",
    # Several are on one line, as above.
})  # fmt: skip  # a table
"""Droplet sizes in the document that are no longer sold and have no published price. If a droplet
has one, `/v2/sizes` has the price; otherwise the sync reports it as missing."""

DATABASE_SIZES: Final = _prices("""
    db-s-1vcpu-1gb=15 db-s-1vcpu-2gb=30 db-s-2vcpu-4gb=60 db-s-4vcpu-8gb=120
    db-s-6vcpu-16gb=240 db-s-8vcpu-32gb=480 db-s-16vcpu-64gb=960
""")
"""Per node."""

APP_SIZES: Final = _prices("""
    apps-s-1vcpu-0.5gb=5 apps-s-1vcpu-1gb-fixed=10 apps-s-1vcpu-1gb=12 apps-s-1vcpu-2gb=25
    apps-s-2vcpu-4gb=50
    apps-d-1vcpu-0.5gb=29 apps-d-1vcpu-1gb=34 apps-d-1vcpu-2gb=39 apps-d-1vcpu-4gb=49
    apps-d-2vcpu-4gb=78 apps-d-2vcpu-8gb=98 apps-d-4vcpu-8gb=156 apps-d-4vcpu-16gb=196
    apps-d-8vcpu-32gb=392
    basic-xxs=5 basic-xs=10 basic-s=20 basic-m=40
    professional-xs=12 professional-s=25 professional-m=50 professional-1l=75 professional-l=100
    professional-xl=150
""")
"""Per instance."""


Attrs = Mapping[str, Any]
ZERO: Final = Decimal(0)


class PriceRule(Protocol):
    """How a kind is priced."""

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month, unrounded; None when unknown."""

    def in_words(self) -> str:
        """Text for the documentation."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition: an attr has this value."""

    attr: str
    value: Any
    words: str

    def holds(self, attrs: Attrs) -> bool | None:
        """Whether it holds; None if the attr is unknown, like a field hidden by a scope."""
        return bool(attrs[self.attr] == self.value) if self.attr in attrs else None


@dataclass(frozen=True, slots=True)
class Flat:
    """One price per resource; free if the condition does not hold.

    Unknown if the condition is.
    """

    usd: Decimal
    when: When | None = None

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        holds = True if self.when is None else self.when.holds(attrs)
        return None if holds is None else self.usd if holds else ZERO

    def in_words(self) -> str:
        """Text for the documentation."""
        if not self.usd:
            return "free"
        return f"${self.usd}" + (f" {self.when.words}, else free" if self.when else "")


FREE: Final = Flat(ZERO)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """A price per unit; free if the condition does not hold."""

    usd: Decimal
    attr: str
    """The attr with the number of units."""
    when: When | None = None
    per: str = "times"
    """The unit in the documentation, such as `a GB of`."""

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """USD a month."""
        holds = True if self.when is None else self.when.holds(attrs)
        if not holds:
            return None if holds is None else ZERO
        units = _number(attrs.get(self.attr))
        return None if units is None else self.usd * units

    def in_words(self) -> str:
        """Text for the documentation."""
        condition = f" {self.when.words}, else free" if self.when else ""
        return f"${self.usd} {self.per} `attrs.{self.attr}`{condition}"


def per_gigabyte(usd: Decimal, attr: str, when: When | None = None) -> PerUnit:
    """A price per GB; free if the condition does not hold."""
    return PerUnit(usd, attr, when, "a GB of")


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A surcharge in proportion to the price, if a list among the attrs has an element."""

    share: Decimal
    attr: str
    element: str

    def factor(self, attrs: Attrs) -> Decimal:
        """The factor of the price."""
        listed = attrs.get(self.attr)
        has = isinstance(listed, list) and self.element in listed
        return 1 + self.share if has else Decimal(1)


@dataclass(frozen=True, slots=True)
class BySize:
    """The list price of the size, times a count if there is one."""

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
        """Text for the documentation."""
        words = "the list price of `size`"
        if self.priced_by:
            words += f" from `GET {self.priced_by[0]}`, else from our table"
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
        """USD a month; None if the price of a part is unknown."""
        total = ZERO
        for price in self.parts(attrs):
            if price is None:
                return None
            total += price
        return total

    def in_words(self) -> str:
        """Text for the documentation."""
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
        """Text for the documentation."""
        return f"`attrs.{self.path}`, in cents"


@dataclass(frozen=True, slots=True)
class Shared:
    """Billed once for the account: a single resource has no price."""

    words: str

    def of(self, size: str, attrs: Attrs) -> Decimal | None:
        """Always None: unknown."""
        return None

    def in_words(self) -> str:
        """Text for the documentation."""
        return self.words


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None
