"""The process of the catalog service: constructs and connects its parts."""

from datetime import timedelta

import grpc
from arcadia.catalog.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    deployment_service_pb2,
    deployment_service_pb2_grpc,
    identity_service_pb2,
    identity_service_pb2_grpc,
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    limit_service_pb2,
    limit_service_pb2_grpc,
    pricing_service_pb2,
    pricing_service_pb2_grpc,
    quote_service_pb2,
    quote_service_pb2_grpc,
    subscription_service_pb2,
    subscription_service_pb2_grpc,
    token_revocation_service_pb2,
    token_revocation_service_pb2_grpc,
)

from services.catalog.deployments.lifecycle_servicer import LifecycleServicer
from services.catalog.deployments.servicer import DeploymentServicer
from services.catalog.keys.identity import OwnIdentity
from services.catalog.keys.identity_servicer import IdentityServicer
from services.catalog.keys.servicer import ApiKeyServicer
from services.catalog.limits.read_limits import limits_loader
from services.catalog.limits.servicer import LimitServicer
from services.catalog.plans.servicer import CatalogServicer
from services.catalog.pricing.servicer import PricingServicer
from services.catalog.quotes.margin_inputs import MarginChecker
from services.catalog.quotes.quote import Quoter
from services.catalog.quotes.servicer import QuoteServicer
from services.catalog.revocations.servicer import TokenRevocationServicer
from services.catalog.subscriptions.servicer import SubscriptionServicer
from services.common.durable import FlowClient
from services.common.server import Parts, ServiceDefinition, run
from services.common.settings import Service
from services.common.values.clock import Clock, utc_now

__all__ = ["DEFINITION", "register"]


def register(server: grpc.aio.Server, parts: Parts, now: Clock = utc_now) -> None:
    """Adds the servicers of the catalog to a server, with their clock."""
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(
        CatalogServicer(parts.database), server
    )
    deployment_service_pb2_grpc.add_DeploymentServiceServicer_to_server(
        DeploymentServicer(
            parts.database,
            now,
            FlowClient(parts.settings),
            longest_trial=timedelta(days=parts.settings.trial_days),
        ),
        server,
    )
    lifecycle_service_pb2_grpc.add_LifecycleServiceServicer_to_server(
        LifecycleServicer(parts.database, now), server
    )
    limit_service_pb2_grpc.add_LimitServiceServicer_to_server(
        LimitServicer(parts.database, now, parts.limits), server
    )
    subscription_service_pb2_grpc.add_SubscriptionServiceServicer_to_server(
        SubscriptionServicer(parts.database, now), server
    )
    pricing_service_pb2_grpc.add_PricingServiceServicer_to_server(
        PricingServicer(parts.database), server
    )
    quoter = Quoter(parts.database, MarginChecker(parts.settings), parts.limits)
    quote_service_pb2_grpc.add_QuoteServiceServicer_to_server(
        QuoteServicer(parts.database, quoter, now), server
    )
    api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server(
        ApiKeyServicer(parts.database, now), server
    )
    token_revocation_service_pb2_grpc.add_TokenRevocationServiceServicer_to_server(
        TokenRevocationServicer(
            parts.database, now, longest_life=timedelta(days=parts.settings.jwt_max_days)
        ),
        server,
    )
    identity_service_pb2_grpc.add_IdentityServiceServicer_to_server(
        IdentityServicer(OwnIdentity(parts.database, now)), server
    )


DEFINITION = ServiceDefinition(
    service=Service.CATALOG,
    protos=(
        api_key_service_pb2.DESCRIPTOR,
        catalog_service_pb2.DESCRIPTOR,
        deployment_service_pb2.DESCRIPTOR,
        identity_service_pb2.DESCRIPTOR,
        lifecycle_service_pb2.DESCRIPTOR,
        limit_service_pb2.DESCRIPTOR,
        pricing_service_pb2.DESCRIPTOR,
        quote_service_pb2.DESCRIPTOR,
        subscription_service_pb2.DESCRIPTOR,
        token_revocation_service_pb2.DESCRIPTOR,
    ),
    register=register,
    identity=lambda parts: OwnIdentity(parts.database, utc_now),
    load_limits=limits_loader,
)


if __name__ == "__main__":
    run(DEFINITION)
