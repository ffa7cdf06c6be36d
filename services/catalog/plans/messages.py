"""From the domain to protos: plans, versions, addons, unit prices, changes of the catalog."""

from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from services.catalog.deployments.messages import day_text, timestamp
from services.catalog.plans.rules.changes import Change
from services.catalog.plans.rules.plans import Addon, Plan, PlanItem, PlanVersion, ResourcePrice
from services.common.values.money import plain

__all__ = [
    "addon_message",
    "change_message",
    "plan_message",
    "price_message",
    "version_message",
]


def plan_message(plan: Plan) -> catalog_pb2.Plan:
    """The proto of a plan."""
    return catalog_pb2.Plan(
        id=str(plan.id),
        code=plan.code,
        name=plan.name,
        active_version=version_message(plan.active_version) if plan.active_version else None,
        created_at=timestamp(plan.created_at),
    )


def version_message(version: PlanVersion) -> catalog_pb2.PlanVersion:
    """The proto of a plan version."""
    return catalog_pb2.PlanVersion(
        id=str(version.id),
        plan_code=version.plan_code,
        version=version.version,
        status=version.status,
        price_cents=version.terms.price_cents,
        currency=version.terms.currency,
        items=map(_item_message, version.terms.items),
        created_at=timestamp(version.created_at),
        published_at=timestamp(version.published_at),
        retired_at=timestamp(version.retired_at),
    )


def _item_message(item: PlanItem) -> catalog_pb2.PlanItem:
    return catalog_pb2.PlanItem(
        resource_kind=item.resource_kind,
        included_qty=plain(item.included_qty),
        overage_unit=item.overage_unit,
        overage_price_cents=plain(item.overage_price_cents),
        hard_cap_qty=None if item.hard_cap_qty is None else plain(item.hard_cap_qty),
        pricing_model=item.pricing_model,
        tiers=[
            catalog_pb2.PriceTier(
                up_to_qty=None if tier.up_to_qty is None else plain(tier.up_to_qty),
                unit_price_cents=plain(tier.unit_price_cents),
            )
            for tier in item.tiers
        ],
        package_qty="" if item.package_qty is None else plain(item.package_qty),
        amount_cents=item.amount_cents,
    )


def addon_message(addon: Addon) -> catalog_pb2.Addon:
    """The proto of an addon."""
    return catalog_pb2.Addon(
        id=str(addon.id),
        code=addon.code,
        resource_kind=addon.terms.resource_kind,
        qty=plain(addon.terms.qty),
        price_cents=addon.terms.price_cents,
        currency=addon.terms.currency,
        created_at=timestamp(addon.created_at),
        updated_at=timestamp(addon.updated_at),
    )


def price_message(kept: ResourcePrice) -> catalog_pb2.ResourcePrice:
    """The proto of a unit price."""
    price = kept.price
    return catalog_pb2.ResourcePrice(
        id=str(kept.id),
        resource_kind=price.resource_kind,
        unit=price.unit,
        unit_price_cents=plain(price.unit_price_cents),
        currency=price.currency,
        effective_from=day_text(price.effective_from),
        effective_to=day_text(price.effective_to),
    )


def change_message(change: Change) -> pb.CatalogChange:
    """The proto of a change of the catalog."""
    return pb.CatalogChange(
        action=change.action,
        object_type=change.object_type,
        object_key=change.object_key,
        differences=change.differences,
    )
