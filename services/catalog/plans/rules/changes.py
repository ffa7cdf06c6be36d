"""What the catalog is, what a document says that it should be, and the changes between."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.catalog.plans.rules.plans import (
    Addon,
    AddonTerms,
    Plan,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)

__all__ = [
    "AddonChange",
    "AddonEntry",
    "CatalogDocument",
    "CatalogState",
    "Change",
    "PlanEntry",
    "PlanEntryChange",
    "PriceChange",
    "PriceEnd",
    "VersionChange",
]


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A plan as a document says it; without terms, its versions are left alone.

    `keeps_items` is for terms that say nothing of items: those of the active version stay.
    """

    code: str
    name: str
    terms: VersionTerms | None
    keeps_items: bool = False


@dataclass(frozen=True, slots=True)
class AddonEntry:
    """An addon as a document says it."""

    code: str
    terms: AddonTerms


@dataclass(frozen=True, slots=True)
class CatalogDocument:
    """What the catalog should be. What it does not name stays as it is."""

    plans: tuple[PlanEntry, ...] = ()
    addons: tuple[AddonEntry, ...] = ()
    prices: tuple[UnitPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogState:
    """What the catalog is."""

    plans: tuple[Plan, ...] = ()
    addons: tuple[Addon, ...] = ()
    prices: tuple[ResourcePrice, ...] = ()
    newest_versions: dict[str, int] = field(default_factory=dict)
    """By plan code, drafts and retired ones too."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in the words of CatalogChange."""

    action: str
    object_type: str
    object_key: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanEntryChange(Change):
    """A plan is made or renamed."""

    entry: PlanEntry = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class VersionChange(Change):
    """A version is drafted, or that draft published."""

    plan_code: str = field(kw_only=True)
    version: int = field(kw_only=True)
    terms: VersionTerms = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AddonChange(Change):
    """An addon is made or changed."""

    entry: AddonEntry = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PriceChange(Change):
    """A unit price is set."""

    price: UnitPrice = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PriceEnd(Change):
    """An open unit price is given an end."""

    price_id: UUID = field(kw_only=True)
    effective_to: date = field(kw_only=True)
