"""Records of plans with their versions, addons and unit prices. Money is in cents."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.catalog.plans.rules.matches import Match
from services.catalog.vocabulary import PricingModel, VersionStatus

__all__ = [
    "Addon",
    "AddonTerms",
    "Plan",
    "PlanItem",
    "PlanVersion",
    "PriceTier",
    "ResourcePrice",
    "UnitPrice",
    "VersionTerms",
]


@dataclass(frozen=True, slots=True)
class PriceTier:
    """A tier; quantities are in overage units, and the last tier has no limit."""

    up_to_qty: Decimal | None
    unit_price_cents: Decimal


@dataclass(frozen=True, slots=True)
class PlanItem:
    """The terms of a kind of usage, or of what matches of it, in a plan version.

    See PlanItem in catalog.proto.
    """

    resource_kind: str
    included_qty: Decimal
    overage_unit: str
    overage_price_cents: Decimal
    hard_cap_qty: Decimal | None = None
    pricing_model: PricingModel = PricingModel.ALLOWANCE
    tiers: tuple[PriceTier, ...] = ()
    package_qty: Decimal | None = None
    amount_cents: int = 0
    match: Match = ()

    @property
    def is_minimum(self) -> bool:
        """Whether an amount is due with or without usage."""
        return self.pricing_model is PricingModel.MINIMUM and bool(self.amount_cents)


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """The terms of a version: monthly price in whole cents; one item per kind and match."""

    price_cents: int
    currency: str
    items: tuple[PlanItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A stored version of a plan."""

    id: UUID
    plan_code: str
    plan_name: str
    version: int
    status: VersionStatus
    terms: VersionTerms
    created_at: datetime
    published_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its active version, if any."""

    id: UUID
    code: str
    name: str
    created_at: datetime
    active_version: PlanVersion | None


@dataclass(frozen=True, slots=True)
class AddonTerms:
    """The terms of an addon: quantity of a kind per month, and price in whole cents."""

    resource_kind: str
    qty: Decimal
    price_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Addon:
    """An addon with its current terms."""

    id: UUID
    code: str
    terms: AddonTerms
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A unit price in cents, from a day to an exclusive end."""

    resource_kind: str
    unit: str
    unit_price_cents: Decimal
    currency: str
    effective_from: date
    effective_to: date | None = None
    match: Match = ()


@dataclass(frozen=True, slots=True)
class ResourcePrice:
    """A stored unit price."""

    id: UUID
    price: UnitPrice
    continues: UUID | None = None
    """The price whose remainder it is, after another price within its days."""
