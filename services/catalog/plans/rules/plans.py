"""What is sold: plans with their versions, addons, unit prices. Money in cents, never a float."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

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
    """One step of a tiered price; quantities in overage units, without a limit on the last."""

    up_to_qty: Decimal | None
    unit_price_cents: Decimal


@dataclass(frozen=True, slots=True)
class PlanItem:
    """The terms of one kind of usage within a plan version; see PlanItem in catalog.proto."""

    resource_kind: str
    included_qty: Decimal
    overage_unit: str
    overage_price_cents: Decimal
    hard_cap_qty: Decimal | None = None
    pricing_model: PricingModel = PricingModel.ALLOWANCE
    tiers: tuple[PriceTier, ...] = ()
    package_qty: Decimal | None = None
    amount_cents: int = 0


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """What a version says: its price of a month in whole cents, and at most one item a kind."""

    price_cents: int
    currency: str
    items: tuple[PlanItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A version of a plan, as it is kept."""

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
    """A plan with its active version, if one was published."""

    id: UUID
    code: str
    name: str
    created_at: datetime
    active_version: PlanVersion | None


@dataclass(frozen=True, slots=True)
class AddonTerms:
    """What an addon says: how much more of a kind a month, for how many whole cents."""

    resource_kind: str
    qty: Decimal
    price_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Addon:
    """An addon, as it is sold now."""

    id: UUID
    code: str
    terms: AddonTerms
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What a unit of a kind costs, in cents, from a day until (and without) another."""

    resource_kind: str
    unit: str
    unit_price_cents: Decimal
    currency: str
    effective_from: date
    effective_to: date | None = None


@dataclass(frozen=True, slots=True)
class ResourcePrice:
    """A unit price, as it is kept."""

    id: UUID
    price: UnitPrice
    continues: UUID | None = None
    """The price whose remainder it is, after another one that sat inside of it."""
