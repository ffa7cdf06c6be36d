"""The services that this one asks: inventory for intervals, billing for costs, catalog for quotes.

A channel lives as long as the process, and connects when it is first used: this service
starts, and answers what it can by itself, also while the others are down.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceStub
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub
from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceStub
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub

from services.common.clients import open_channel
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceAsyncStub
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = ["Peers"]


@dataclass(frozen=True, slots=True)
class Peers:
    """Their stubs, by what they are asked for."""

    inventory_lookup: "LookupServiceAsyncStub"
    billing_costs: "CostFeedServiceAsyncStub"
    catalog_pricing: "PricingServiceAsyncStub"
    catalog_lifecycle: "LifecycleServiceAsyncStub"

    @classmethod
    def of(cls, settings: Settings) -> "Peers":
        """The stubs; must be made inside the running loop."""
        inventory = open_channel(settings, Service.INVENTORY, caller=Service.ANALYTICS)
        billing = open_channel(settings, Service.BILLING, caller=Service.ANALYTICS)
        catalog = open_channel(settings, Service.CATALOG, caller=Service.ANALYTICS)
        return cls(
            LookupServiceStub(inventory),
            CostFeedServiceStub(billing),
            PricingServiceStub(catalog),
            LifecycleServiceStub(catalog),
        )
