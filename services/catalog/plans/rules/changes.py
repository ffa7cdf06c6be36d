"""The current catalog, the catalog of a document, and the changes between them."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.catalog.meters.rules.costs import NewCost
from services.catalog.meters.rules.entries import MeterEntry
from services.catalog.meters.rules.meters import MeterCost, MeterTerms, StoredMeter
from services.catalog.plans.rules.plans import (
    Addon,
    AddonTerms,
    Plan,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.catalog.rebilling.rules.rebilling import NewRule, RebillingRule

__all__ = [
    "AddonChange",
    "AddonEntry",
    "CatalogDocument",
    "CatalogState",
    "Change",
    "MeterChange",
    "MeterCostChange",
    "PlanEntry",
    "PlanEntryChange",
    "PriceChange",
    "PriceEnd",
    "RuleChange",
    "RuleEnd",
    "VersionChange",
]


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A plan in a document; without terms, its versions are not changed.

    `keeps_items` is for terms without items: those of the active version are kept.
    """

    code: str
    name: str
    terms: VersionTerms | None
    keeps_items: bool = False


@dataclass(frozen=True, slots=True)
class AddonEntry:
    """An addon in a document."""

    code: str
    terms: AddonTerms


@dataclass(frozen=True, slots=True)
class CatalogDocument:
    """The desired catalog. Entries that it does not name are not changed."""

    plans: tuple[PlanEntry, ...] = ()
    addons: tuple[AddonEntry, ...] = ()
    prices: tuple[UnitPrice, ...] = ()
    rules: tuple[NewRule, ...] = ()
    meters: tuple[MeterEntry, ...] = ()

    @property
    def declared_meters(self) -> list[MeterTerms]:
        """The event meters that it declares, without the built-in ones whose costs it states."""
        return [entry.terms for entry in self.meters if entry.terms is not None]


@dataclass(frozen=True, slots=True)
class CatalogState:
    """The current catalog."""

    plans: tuple[Plan, ...] = ()
    addons: tuple[Addon, ...] = ()
    prices: tuple[ResourcePrice, ...] = ()
    rules: tuple[RebillingRule, ...] = ()
    newest_versions: dict[str, int] = field(default_factory=dict)
    """By plan code, including drafts and retired versions."""
    meters: tuple[StoredMeter, ...] = ()
    """The event meters, retired ones too."""
    costs: tuple[MeterCost, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change; see CatalogChange."""

    action: str
    object_type: str
    object_key: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeterChange(Change):
    """Adds or changes an event meter."""

    terms: MeterTerms = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class MeterCostChange(Change):
    """States what a unit of an event meter costs."""

    cost: NewCost = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PlanEntryChange(Change):
    """Creates or renames a plan."""

    entry: PlanEntry = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class VersionChange(Change):
    """Drafts a version, or publishes that draft."""

    plan_code: str = field(kw_only=True)
    version: int = field(kw_only=True)
    terms: VersionTerms = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AddonChange(Change):
    """Creates or changes an addon."""

    entry: AddonEntry = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PriceChange(Change):
    """Sets a unit price."""

    price: UnitPrice = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PriceEnd(Change):
    """Ends an open unit price."""

    price_id: UUID = field(kw_only=True)
    effective_to: date = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class RuleChange(Change):
    """Sets a rebilling rule, in the place of one from the same month if there is one."""

    rule: NewRule = field(kw_only=True)
    replaces: UUID | None = field(kw_only=True, default=None)


@dataclass(frozen=True, slots=True)
class RuleEnd(Change):
    """Ends a rebilling rule before a month; withdraws it if it begins then or later."""

    rule: NewRule = field(kw_only=True)
    rule_id: UUID = field(kw_only=True)
    effective_to: date = field(kw_only=True)
