"""A tenant's objects in the catalog, and requests for another tenant's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from arcadia.catalog.v1 import api_key_service_pb2 as key_pb
from arcadia.catalog.v1 import (
    api_key_service_pb2_grpc,
    deployment_service_pb2_grpc,
    quote_service_pb2_grpc,
    subscription_service_pb2_grpc,
    token_revocation_service_pb2_grpc,
)
from arcadia.catalog.v1 import deployment_service_pb2 as deployment_pb
from arcadia.catalog.v1 import limit_service_pb2 as limit_pb
from arcadia.catalog.v1 import quote_service_pb2 as quote_pb
from arcadia.catalog.v1 import subscription_service_pb2 as pb
from arcadia.catalog.v1 import token_revocation_service_pb2 as token_pb
from google.protobuf.message import Message

from services.catalog.plans.seed import seed
from services.common.settings import Service
from tests.walls.wall import INTRUDER, NOWHERE, VICTIM, Planting, Wall

__all__ = ["WALL"]


@dataclass(frozen=True)
class Ids:
    """Ids of a tenant and its objects."""

    tenant: str
    deployment: str
    unsubscribed: str
    subscription: str
    attached_addon: str
    quote: str
    other_quote: str
    api_key: str
    sooner: str = "2189-01-01"
    later: str = "2190-01-01"
    """Days for changes: as far ahead as an existing tenant may schedule them."""


async def plant(planting: Planting) -> Ids:
    """Creates deployments of each tenant, named after it, one of which is subscribed."""
    await seed(planting.database)
    await _plant(planting, INTRUDER)
    return await _plant(planting, VICTIM)


async def _plant(planting: Planting, tenant: str) -> Ids:
    token = planting.member(tenant)
    deployments = deployment_service_pb2_grpc.DeploymentServiceStub(planting.channel)
    subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(planting.channel)
    made = []
    for name in ("app", "another"):
        new = deployment_pb.CreateDeploymentRequest(slug=f"{name}-of-{tenant}")
        made.append((await deployments.CreateDeployment(new, metadata=token)).deployment.id)
    order = pb.SubscribeRequest(id=made[0], plan_code="studio", addons=["storage_50gb"])
    subscription = (await subscriptions.Subscribe(order, metadata=token)).subscription
    quotes = quote_service_pb2_grpc.QuoteServiceStub(planting.channel)
    quoted = []
    for plan in ("studio", "pro"):
        asked = quote_pb.CreateQuoteRequest(plan_code=plan)
        quoted.append((await quotes.CreateQuote(asked, metadata=token)).id)
    keys = api_key_service_pb2_grpc.ApiKeyServiceStub(planting.channel)
    new_key = key_pb.CreateApiKeyRequest(name=f"key of {tenant}", roles=["admin"])
    key = (await keys.CreateApiKey(new_key, metadata=token)).api_key
    tokens = token_revocation_service_pb2_grpc.TokenRevocationServiceStub(planting.channel)
    revoked = token_pb.RevokeTokensRequest(subject=f"former member of {tenant}")
    await tokens.RevokeTokens(revoked, metadata=token)
    sooner, later = (datetime.now(UTC).date() + timedelta(days=days) for days in (60, 80))
    return Ids(
        tenant,
        made[0],
        made[1],
        subscription.id,
        subscription.addons[0].id,
        quoted[0],
        quoted[1],
        key.id,
        sooner.isoformat(),
        later.isoformat(),
    )


ASKED: Mapping[str, Callable[[Any], Message]] = {
    "ApiKeyService/ListApiKeys": lambda ids: key_pb.ListApiKeysRequest(tenant_id=ids.tenant),
    "ApiKeyService/GetApiKey": lambda ids: key_pb.GetApiKeyRequest(id=ids.api_key),
    "ApiKeyService/CreateApiKey": lambda ids: key_pb.CreateApiKeyRequest(
        tenant_id=ids.tenant, name="another"
    ),
    "ApiKeyService/RotateApiKey": lambda ids: key_pb.RotateApiKeyRequest(id=ids.api_key),
    "TokenRevocationService/ListRevocations": lambda ids: token_pb.ListRevocationsRequest(
        tenant_id=ids.tenant
    ),
    "TokenRevocationService/RevokeTokens": lambda ids: token_pb.RevokeTokensRequest(
        tenant_id=ids.tenant, subject="another"
    ),
    "DeploymentService/ListDeployments": lambda ids: deployment_pb.ListDeploymentsRequest(
        tenant_id=ids.tenant
    ),
    "DeploymentService/GetDeployment": lambda ids: deployment_pb.GetDeploymentRequest(
        id=ids.deployment
    ),
    "DeploymentService/ListDeploymentEvents": lambda ids: deployment_pb.ListDeploymentEventsRequest(
        deployment_id=ids.deployment
    ),
    "DeploymentService/CreateDeployment": lambda ids: deployment_pb.CreateDeploymentRequest(
        tenant_id=ids.tenant, slug="another"
    ),
    "DeploymentService/UpdateDeployment": lambda ids: deployment_pb.UpdateDeploymentRequest(
        id=ids.deployment, llm_mode="hosted"
    ),
    # It has no tenant field: each caller gets its own.
    "LimitService/GetLimits": lambda _: limit_pb.GetLimitsRequest(),
    "QuoteService/GetQuote": lambda ids: quote_pb.GetQuoteRequest(id=ids.quote),
    "QuoteService/VerifyQuote": lambda ids: quote_pb.VerifyQuoteRequest(id=ids.quote),
    "QuoteService/CompareQuotes": lambda ids: quote_pb.CompareQuotesRequest(
        id=ids.quote, other_id=ids.other_quote
    ),
    "SubscriptionService/ListSubscriptions": lambda ids: pb.ListSubscriptionsRequest(
        tenant_id=ids.tenant
    ),
    "SubscriptionService/GetSubscription": lambda ids: pb.GetSubscriptionRequest(
        id=ids.subscription
    ),
    "SubscriptionService/Subscribe": lambda ids: pb.SubscribeRequest(
        id=ids.unsubscribed, plan_code="studio"
    ),
    "SubscriptionService/ChangePlan": lambda ids: pb.ChangePlanRequest(
        id=ids.subscription, plan_code="pro", effective_on=ids.later
    ),
    "SubscriptionService/MoveChange": lambda ids: pb.MoveChangeRequest(
        id=ids.subscription, change_id=f"plan-{ids.later}", effective_on=ids.sooner
    ),
    "SubscriptionService/TakeBackChange": lambda ids: pb.TakeBackChangeRequest(
        id=ids.subscription, change_id=f"plan-{ids.sooner}"
    ),
    "SubscriptionService/AttachAddon": lambda ids: pb.AttachAddonRequest(
        id=ids.subscription, code="llm_1m"
    ),
    "SubscriptionService/DetachAddon": lambda ids: pb.DetachAddonRequest(
        id=ids.subscription, attached_addon_id=ids.attached_addon
    ),
    "SubscriptionService/CancelSubscription": lambda ids: pb.CancelSubscriptionRequest(
        id=ids.subscription
    ),
    "DeploymentService/TransitionDeployment": lambda ids: deployment_pb.TransitionDeploymentRequest(
        id=ids.deployment, to_state="cancelled"
    ),
    "ApiKeyService/RevokeApiKey": lambda ids: key_pb.RevokeApiKeyRequest(id=ids.api_key),
}

WALL = Wall(
    Service.CATALOG,
    absent=Ids("nobody", *([NOWHERE] * 7)),
    plant=plant,
    asked=ASKED,
)
