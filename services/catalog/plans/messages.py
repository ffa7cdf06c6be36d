"""Renders plans, versions, addons, unit prices and changes of the catalog."""

from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from services.catalog.plans.rules.changes import Change
from services.catalog.plans.rules.plans import Addon, Plan, PlanItem, PlanVersion, ResourcePrice
from services.common.rpc.messages import message_of

__all__ = [
    "addon_message",
    "change_message",
    "plan_message",
    "price_message",
    "version_message",
]


def plan_message(plan: Plan) -> catalog_pb2.Plan:
    """The message of a plan."""
    active = version_message(plan.active_version) if plan.active_version else None
    return message_of(catalog_pb2.Plan, plan, active_version=active)


def version_message(version: PlanVersion) -> catalog_pb2.PlanVersion:
    """The message of a plan version."""
    terms = version.terms
    return message_of(
        catalog_pb2.PlanVersion,
        version,
        price_cents=terms.price_cents,
        currency=terms.currency,
        items=map(_item_message, terms.items),
    )


def _item_message(item: PlanItem) -> catalog_pb2.PlanItem:
    tiers = [message_of(catalog_pb2.PriceTier, tier) for tier in item.tiers]
    return message_of(catalog_pb2.PlanItem, item, tiers=tiers)


def addon_message(addon: Addon) -> catalog_pb2.Addon:
    """The message of an addon."""
    return message_of(
        catalog_pb2.Addon,
        addon,
        resource_kind=addon.terms.resource_kind,
        qty=addon.terms.qty,
        price_cents=addon.terms.price_cents,
        currency=addon.terms.currency,
    )


def price_message(kept: ResourcePrice) -> catalog_pb2.ResourcePrice:
    """The message of a unit price."""
    return message_of(catalog_pb2.ResourcePrice, kept.price, id=kept.id)


def change_message(change: Change) -> pb.CatalogChange:
    """The message of a change of the catalog."""
    return message_of(pb.CatalogChange, change)
