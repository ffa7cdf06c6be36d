"""Container registries, and their subscription."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import FromAttr
from kinds.reducers import registry_subscription

__all__ = ["CONTAINER_REGISTRY"]

CONTAINER_REGISTRY: Final = ResourceKind(
    name="container_registry",
    billing=Billing(
        (
            Product(
                "container registry", ("REGI",), category=("Developer Tools", "Developer Platforms")
            ),
        ),
        ("Compute", "Containers"),
    ),
    scope="registry:read",
    added_later=True,
    # Not paged, and without a total.
    listing=Listing("/v2/registries", "registries", "registry", counted=False),
    columns=Columns(provider_id="name", statuses=(), tags=""),
    attrs={"subscription": Attr(Policy.DESIRED, registry_subscription)},
    volatile=frozenset({"storage_usage_bytes", "storage_usage_bytes_updated_at"}),
    # One subscription covers all registries of an account.
    monthly_price=FromAttr("subscription.tier.monthly_price_in_cents"),
    rarely_changes=True,
)
