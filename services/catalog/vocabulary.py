"""The catalog's vocabulary: kinds of usage with their units, pricing models, statuses."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from kinds.metering import METERS

__all__ = [
    "PRICING_MODELS",
    "UNITS",
    "EventType",
    "PricingModel",
    "SubscriptionStatus",
    "VersionStatus",
]

UNITS: Final[Mapping[str, Mapping[str, int]]] = {code: one.units for code, one in METERS.items()}
"""The pricing units of each built-in meter, with the usage per unit."""


class PricingModel(StrEnum):
    """The pricing model of a plan item."""

    ALLOWANCE = "allowance"
    PER_UNIT = "per_unit"
    GRADUATED = "graduated"
    VOLUME = "volume"
    PACKAGE = "package"
    FLAT = "flat"
    MINIMUM = "minimum"


PRICING_MODELS: Final = tuple(PricingModel)


class VersionStatus(StrEnum):
    """The status of a plan version."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class SubscriptionStatus(StrEnum):
    """The status of a subscription on a day."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class EventType(StrEnum):
    """The type of a deployment's history entry."""

    CREATED = "created"
    TRANSITIONED = "transitioned"
    UPDATED = "updated"
    SUBSCRIBED = "subscribed"
    PLAN_CHANGED = "plan_changed"
    ADDON_ATTACHED = "addon_attached"
    ADDON_DETACHED = "addon_detached"
    SUBSCRIPTION_PAUSED = "subscription_paused"
    SUBSCRIPTION_RESUMED = "subscription_resumed"
    SUBSCRIPTION_CANCELLED = "subscription_cancelled"
    CHANGE_MOVED = "change_moved"
    CHANGE_TAKEN_BACK = "change_taken_back"
    TRIAL_EXTENDED = "trial_extended"
    PROVISIONED = "provisioned"
