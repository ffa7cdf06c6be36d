"""What a quote is computed from, frozen: all that the engine knows, and nothing else.

Prices are whole cents, unit prices exact decimals of a cent, quantities exact decimals in
units of their kind, days half-open spans. Values out of range raise ValueError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.v1.numbers import NOUGHT
from services.common.values.periods import Period

__all__ = [
    "AddonSnapshot",
    "ChangeInputs",
    "Ending",
    "HeldAddon",
    "PriceSnapshot",
    "QuoteInputs",
    "Term",
    "UsageFact",
    "VersionSnapshot",
]

Spans = tuple[Period, ...]

LIMIT: Final = Decimal(10**30)
"""What no number of a quote comes to."""


@dataclass(frozen=True)
class VersionSnapshot:
    """A plan version, as it prices. Its items are put into the order of their kinds."""

    id: str
    plan_code: str
    version: int
    price_cents: int
    currency: str
    items: tuple[PlanItem, ...]

    def __post_init__(self) -> None:
        _refuse_negative("price_cents", self.price_cents)
        for item in self.items:
            numbers = [item.included_qty, item.overage_price_cents, Decimal(item.amount_cents)]
            bounds = [item.hard_cap_qty, item.package_qty, *(t.up_to_qty for t in item.tiers)]
            prices = [tier.unit_price_cents for tier in item.tiers]
            known = [bound for bound in bounds if bound is not None]
            _refuse_negative(item.resource_kind, *numbers, *known, *prices)
        ordered = tuple(sorted(self.items, key=lambda item: item.resource_kind))
        object.__setattr__(self, "items", ordered)

    def __hash__(self) -> int:
        return hash(self.id)  # versions are many quotes' keys at once, and large

    @cached_property
    def item_of(self) -> Mapping[str, PlanItem]:
        """Its items by their kind."""
        return {item.resource_kind: item for item in self.items}


@dataclass(frozen=True, slots=True)
class AddonSnapshot:
    """An addon at the price and quantity that it was sold at."""

    id: str
    code: str
    resource_kind: str
    qty: Decimal
    price_cents: int

    def __post_init__(self) -> None:
        _refuse_negative(self.code, self.qty, self.price_cents)


@dataclass(frozen=True, slots=True)
class HeldAddon:
    """An addon and the billed days on which it is held.

    `current` ones are part of a month's price from here on; `added` ones come with the change
    that is quoted.
    """

    addon: AddonSnapshot
    days: Spans
    current: bool = True
    added: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A plan version and the days that are billed by it."""

    version: VersionSnapshot
    days: Spans


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """A unit price, and the days in which it is in force (no end: for good)."""

    id: str
    resource_kind: str
    unit: str
    unit_price_cents: Decimal
    effective_from: date
    effective_to: date | None

    def __post_init__(self) -> None:
        _refuse_negative(self.resource_kind, self.unit_price_cents)


@dataclass(frozen=True, slots=True)
class UsageFact:
    """How much of a kind was used; `facts_hash` names the facts behind it, if there are any."""

    resource_kind: str
    qty: Decimal
    facts_hash: str = ""

    def __post_init__(self) -> None:
        _refuse_negative(self.resource_kind, self.qty)


@dataclass(frozen=True, slots=True)
class Ending:
    """A plan version, and how many billed days it gives up."""

    version: VersionSnapshot
    days: int


@dataclass(frozen=True, slots=True)
class ChangeInputs:
    """A change within the month: the billed days of it, and what gives them up.

    Without an ending, only addons are added. There are several where a change was agreed
    already for a later day of the month.
    """

    days: int
    endings: tuple[Ending, ...] = ()


@dataclass(frozen=True, slots=True)
class QuoteInputs:
    """A plan or a subscription in one calendar month.

    `term` is the one that holds from here on, `former` are those before it in the month.
    `free_days` are days of a trial: the usage of a month falls on them as on the others.
    With `prices_on` the usage is that of a whole month by `term`, at the unit prices of that
    day (a projection); without it, that of the days named (what was metered).
    """

    month: Period
    currency: str
    term: Term
    former: tuple[Term, ...] = ()
    addons: tuple[HeldAddon, ...] = ()
    free_days: int = 0
    usage: tuple[UsageFact, ...] = ()
    prices: tuple[PriceSnapshot, ...] = ()
    prices_on: date | None = None
    change: ChangeInputs | None = None

    def __post_init__(self) -> None:
        # The order in which addons, usage and prices were said is no input.
        if len(self.addons) > 1:
            addons = sorted(self.addons, key=lambda held: (held.addon.code, held.addon.id))
            object.__setattr__(self, "addons", tuple(addons))
        if len(self.prices) > 1:
            prices = sorted(self.prices, key=lambda p: (p.resource_kind, p.effective_from, p.id))
            object.__setattr__(self, "prices", tuple(prices))


def _refuse_negative(name: str, *numbers: Decimal | int) -> None:
    for number in numbers:
        if not NOUGHT <= number < LIMIT:  # also NaN and Infinity
            raise ValueError(f"{name}: {number} is out of range")
