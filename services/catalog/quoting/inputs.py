"""The inputs of a quote: everything that the engine uses, frozen.

Prices are whole cents, unit prices exact decimals of a cent, quantities exact decimals in units of
their kind, days half-open ranges. Values out of range raise ValueError; NaN raises
decimal.InvalidOperation, an ArithmeticError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from services.catalog.plans.rules.matches import Match, winner
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.numbers import ZERO
from services.catalog.quoting.rebilling.snapshots import Rebilling
from services.catalog.quoting.units import MeterSnapshot
from services.common.values.periods import Period

__all__ = [
    "AddonSnapshot",
    "ChangeInputs",
    "HeldAddon",
    "PriceSnapshot",
    "QuoteInputs",
    "Spans",
    "Term",
    "UsageRun",
    "UsageSeries",
    "VersionSnapshot",
]

Spans = tuple[Period, ...]

LIMIT: Final = Decimal(10**30)
"""Exclusive bound of every number of a quote."""

_ITEM_ORDER: Final = attrgetter("resource_kind", "match")
_QTY: Final = attrgetter("qty")
_ADDON_ORDER: Final = attrgetter("addon.code", "addon.id")
_PRICE_ORDER: Final = attrgetter("resource_kind", "effective_from", "id")


@dataclass(frozen=True)
class VersionSnapshot:
    """A plan version. Its items are sorted by kind, then by match."""

    id: str
    plan_code: str
    version: int
    price_cents: int
    currency: str
    items: tuple[PlanItem, ...]

    def __post_init__(self) -> None:
        _refuse_out_of_range("price_cents", self.price_cents)
        for item in self.items:
            numbers = [item.included_qty, item.overage_price_cents, Decimal(item.amount_cents)]
            bounds = [item.hard_cap_qty, item.package_qty, *(t.up_to_qty for t in item.tiers)]
            prices = [tier.unit_price_cents for tier in item.tiers]
            known = [bound for bound in bounds if bound is not None]
            _refuse_out_of_range(item.resource_kind, *numbers, *known, *prices)
        ordered = tuple(sorted(self.items, key=_ITEM_ORDER))
        object.__setattr__(self, "items", ordered)

    def __hash__(self) -> int:
        return hash(self.id)  # the key of many cache lookups, and large

    @cached_property
    def item_of(self) -> Mapping[str, PlanItem]:
        """Its items without a match, by kind."""
        return {item.resource_kind: item for item in self.items if not item.match}

    @cached_property
    def rows_of(self) -> Mapping[str, tuple[PlanItem, ...]]:
        """All of its items, by kind."""
        kinds = dict.fromkeys(item.resource_kind for item in self.items)
        return {
            kind: tuple(item for item in self.items if item.resource_kind == kind) for kind in kinds
        }

    @cached_property
    def matched_kinds(self) -> frozenset[str]:
        """The kinds with an item that has a match."""
        return frozenset(item.resource_kind for item in self.items if item.match)

    def item_for(self, kind: str, dimensions: tuple[tuple[str, str], ...]) -> PlanItem | None:
        """The item that prices usage with these dimensions; None if none covers it."""
        if kind not in self.matched_kinds:
            return self.item_of.get(kind)
        return _won(self, kind, dimensions)

    @cached_property
    def minimums(self) -> tuple[str, ...]:
        """The kinds with a minimum, which is due with or without usage."""
        return tuple(item.resource_kind for item in self.items if item.is_minimum)

    def sells_as(self, other: "VersionSnapshot") -> bool:
        """Whether the other version has the same plan and base price."""
        return (self.plan_code, self.price_cents) == (other.plan_code, other.price_cents)


@lru_cache(maxsize=4096)
def _won(
    version: VersionSnapshot, kind: str, dimensions: tuple[tuple[str, str], ...]
) -> PlanItem | None:
    return winner(version.rows_of[kind], dict(dimensions))


@dataclass(frozen=True, slots=True)
class AddonSnapshot:
    """An addon at the price and quantity that it was sold at."""

    id: str
    code: str
    resource_kind: str
    qty: Decimal
    price_cents: int

    def __post_init__(self) -> None:
        _refuse_out_of_range(self.code, self.qty, self.price_cents)

    def __hash__(self) -> int:
        return hash(self.id)


class HeldAddon(NamedTuple):
    """An addon and the billed days on which it is attached.

    `current` ones are part of the monthly price from now on; `added` ones are part of the quoted
    change.
    """

    addon: AddonSnapshot
    days: Spans
    current: bool = True
    added: bool = False


class Term(NamedTuple):
    """A plan version with its billed days."""

    version: VersionSnapshot
    days: Spans


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """A unit price with the days on which it is in force; None as the end is open."""

    id: str
    resource_kind: str
    unit: str
    unit_price_cents: Decimal
    effective_from: date
    effective_to: date | None
    match: Match = ()

    def __post_init__(self) -> None:
        _refuse_out_of_range(self.resource_kind, self.unit_price_cents)

    def in_force(self, day: date) -> bool:
        """Whether the price is in force on a day; `effective_to` is exclusive."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


@dataclass(frozen=True, slots=True)
class UsageRun:
    """A run of days with the same quantity."""

    first: date
    days: int
    qty: Decimal

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"a run of {self.days} days")
        if not ZERO <= self.qty < LIMIT:
            _refuse_out_of_range("qty", self.qty)

    @property
    def end(self) -> date:
        """The first day after it."""
        return date.fromordinal(self.first.toordinal() + self.days)


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """The usage of one kind by day; `facts_hash` is the hash of its facts, if any.

    A projection has no days; `projected_qty` is then the usage of a whole month.
    """

    resource_kind: str
    runs: tuple[UsageRun, ...] = ()
    facts_hash: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    """Pairs of key and value, sorted by key."""
    projected_qty: Decimal | None = None

    def __post_init__(self) -> None:
        qty = self.projected_qty
        if qty is not None and not ZERO <= qty < LIMIT:
            _refuse_out_of_range(self.resource_kind, qty)
        if len(self.runs) > 1:
            end = date.min
            for run in self.runs:
                if run.first < end:
                    raise ValueError(f"{self.resource_kind}: the runs are not in order")
                end = run.end

    @property
    def label(self) -> str:
        """Its label within a month: the kind, with dimensions if any."""
        if not self.dimensions:
            return self.resource_kind
        said = ",".join(f"{key}={value}" for key, value in self.dimensions)
        return f"{self.resource_kind}[{said}]"

    @property
    def is_used(self) -> bool:
        """Whether any usage is recorded or projected."""
        if self.projected_qty is not None:
            return bool(self.projected_qty)
        return any(map(_QTY, self.runs))


@dataclass(frozen=True, slots=True)
class ChangeInputs:
    """A change within the month: the terms without it."""

    replaced: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class QuoteInputs:
    """A plan or a subscription in one calendar month.

    `terms` has at least one term, in order; the last one is in force from now on. `trial_days` are
    free, including their usage. With `projected_from`, usage is for a whole month of the last term,
    at the unit prices of that day; without it, usage is by day and priced by the terms of its day.
    """

    month: Period
    currency: str
    terms: tuple[Term, ...]
    addons: tuple[HeldAddon, ...] = ()
    trial_days: Spans = ()
    usage: tuple[UsageSeries, ...] = ()
    prices: tuple[PriceSnapshot, ...] = ()
    projected_from: date | None = None
    change: ChangeInputs | None = None
    rebilling: Rebilling | None = None
    """None unless a rebilling rule may price some of the usage."""
    meters: tuple[MeterSnapshot, ...] = ()
    """The operator's meters that the others name, by code."""

    def __post_init__(self) -> None:
        # The order of addons and prices is not an input. Neither is that of usage, which is
        # summed by kind and written by label.
        if len(self.addons) > 1:
            addons = sorted(self.addons, key=_ADDON_ORDER)
            object.__setattr__(self, "addons", tuple(addons))
        if len(self.prices) > 1:
            prices = sorted(self.prices, key=_PRICE_ORDER)
            object.__setattr__(self, "prices", tuple(prices))

    @property
    def version(self) -> VersionSnapshot:
        """The plan version in force from now on."""
        return self.terms[-1].version


def _refuse_out_of_range(name: str, *numbers: Decimal | int) -> None:
    for number in numbers:
        if not ZERO <= number < LIMIT:  # also Infinity; NaN is not comparable
            raise ValueError(f"{name}: {number} is out of range")
