"""Clients of the services that this one calls: inventory, billing and catalog.

A channel lives as long as the process and connects on first use, so this service starts and answers
what it can even if the others are down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceStub
from arcadia.catalog.v1.draft_pricing_service_pb2_grpc import DraftPricingServiceStub
from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceStub
from arcadia.catalog.v1.meter_service_pb2_grpc import MeterServiceStub
from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceStub
from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceStub

from services.common.errors import (
    Aborted,
    ArcadiaError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unavailable,
    Unimplemented,
)
from services.common.rpc.clients import open_channel
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceAsyncStub
    from arcadia.catalog.v1.draft_pricing_service_pb2_grpc import DraftPricingServiceAsyncStub
    from arcadia.catalog.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub
    from arcadia.catalog.v1.meter_service_pb2_grpc import MeterServiceAsyncStub
    from arcadia.catalog.v1.pricing_service_pb2_grpc import PricingServiceAsyncStub
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = ["Peers", "asking"]


@dataclass(frozen=True, slots=True)
class Peers:
    """The stubs, by purpose."""

    inventory_lookup: "LookupServiceAsyncStub"
    billing_costs: "CostFeedServiceAsyncStub"
    catalog_pricing: "PricingServiceAsyncStub"
    catalog_lifecycle: "LifecycleServiceAsyncStub"
    catalog_drafts: "DraftPricingServiceAsyncStub"
    catalog_meters: "MeterServiceAsyncStub"

    @classmethod
    def of(cls, settings: Settings) -> "Peers":
        """Creates the stubs; call it inside the running event loop."""
        inventory = open_channel(settings, Service.INVENTORY, caller=Service.ANALYTICS)
        billing = open_channel(settings, Service.BILLING, caller=Service.ANALYTICS)
        catalog = open_channel(settings, Service.CATALOG, caller=Service.ANALYTICS)
        return cls(
            LookupServiceStub(inventory),
            CostFeedServiceStub(billing),
            PricingServiceStub(catalog),
            LifecycleServiceStub(catalog),
            DraftPricingServiceStub(catalog),
            MeterServiceStub(catalog),
        )


@contextmanager
def asking(service: Service, *, missing: NotFound | None = None) -> Iterator[None]:
    """Translates gRPC errors of another service, raised in the block, to this service's errors.

    Raises `missing`, if given, for NOT_FOUND; InvalidArgument for a rejected page token and
    FailedPrecondition for any other rejected request; Aborted if the data changed in the meantime;
    Unimplemented if the other's release does not have the call; and Unavailable for everything
    else, because no result is guessed.
    """
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if missing is not None and error.code() is grpc.StatusCode.NOT_FOUND:
            raise missing from error
        raise _own(service, error) from error


def _own(service: Service, error: grpc.aio.AioRpcError) -> ArcadiaError:
    said = error.details() or ""
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        if said.startswith("page_token:"):
            return InvalidArgument("page_token", f"the {service} says: {said}")
        return FailedPrecondition(
            f"the {service} rejected the request: {said}", reason=f"{service}_REFUSED".upper()
        )
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return Unimplemented()
    if error.code() is grpc.StatusCode.ABORTED:
        return Aborted(f"the {service} says: {said}", reason=f"{service}_MOVED_ON".upper())
    return Unavailable(
        f"the {service} does not respond",
        reason=f"{service}_UNAVAILABLE".upper(),
        metadata={"code": error.code().name},
    )
