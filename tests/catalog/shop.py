"""A served catalog, and its callers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
import psycopg
from arcadia.catalog.v1 import (
    api_key_service_pb2_grpc,
    catalog_service_pb2_grpc,
    deployment_service_pb2_grpc,
    deployments_pb2,
    lifecycle_service_pb2_grpc,
    limit_service_pb2_grpc,
    list_price_service_pb2_grpc,
    meter_service_pb2_grpc,
    pricing_service_pb2_grpc,
    quote_service_pb2_grpc,
    rebilling_service_pb2_grpc,
    subscription_service_pb2_grpc,
    subscriptions_pb2,
    token_revocation_service_pb2_grpc,
)
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import subscription_service_pb2 as subscription_pb

from services.common.db.database import Database
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.settings import Settings

__all__ = ["Clock", "Shop", "Token", "refusal"]

Token = Sequence[tuple[str, str]]


@dataclass
class Clock:
    """The time by which the served catalog goes."""

    now: datetime = datetime(2026, 4, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: str) -> None:
        """It is noon of this day."""
        self.now = datetime.fromisoformat(f"{day}T12:00:00+00:00")


@dataclass
class Shop:
    """The catalog service on a fresh database, and those who call it."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    admin_url: str
    """The database, as a superuser who sees every row."""
    clock: Clock
    address: str = ""
    """`host:port` where it is served."""
    catalog: "catalog_service_pb2_grpc.CatalogServiceAsyncStub" = field(init=False)
    deployments: "deployment_service_pb2_grpc.DeploymentServiceAsyncStub" = field(init=False)
    lifecycle: "lifecycle_service_pb2_grpc.LifecycleServiceAsyncStub" = field(init=False)
    subscriptions: "subscription_service_pb2_grpc.SubscriptionServiceAsyncStub" = field(init=False)
    limits: "limit_service_pb2_grpc.LimitServiceAsyncStub" = field(init=False)
    list_prices: "list_price_service_pb2_grpc.ListPriceServiceAsyncStub" = field(init=False)
    meters: "meter_service_pb2_grpc.MeterServiceAsyncStub" = field(init=False)
    pricing: "pricing_service_pb2_grpc.PricingServiceAsyncStub" = field(init=False)
    quotes: "quote_service_pb2_grpc.QuoteServiceAsyncStub" = field(init=False)
    rebilling: "rebilling_service_pb2_grpc.RebillingServiceAsyncStub" = field(init=False)
    keys: "api_key_service_pb2_grpc.ApiKeyServiceAsyncStub" = field(init=False)
    tokens: "token_revocation_service_pb2_grpc.TokenRevocationServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = catalog_service_pb2_grpc.CatalogServiceStub(self.channel)
        self.deployments = deployment_service_pb2_grpc.DeploymentServiceStub(self.channel)
        self.lifecycle = lifecycle_service_pb2_grpc.LifecycleServiceStub(self.channel)
        self.subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(self.channel)
        self.limits = limit_service_pb2_grpc.LimitServiceStub(self.channel)
        self.list_prices = list_price_service_pb2_grpc.ListPriceServiceStub(self.channel)
        self.meters = meter_service_pb2_grpc.MeterServiceStub(self.channel)
        self.pricing = pricing_service_pb2_grpc.PricingServiceStub(self.channel)
        self.quotes = quote_service_pb2_grpc.QuoteServiceStub(self.channel)
        self.rebilling = rebilling_service_pb2_grpc.RebillingServiceStub(self.channel)
        self.keys = api_key_service_pb2_grpc.ApiKeyServiceStub(self.channel)
        self.tokens = token_revocation_service_pb2_grpc.TokenRevocationServiceStub(self.channel)
        self._worker = ServiceTokens(self.settings, "worker")
        self.operator = self.user("op", roles=["platform-admin"])
        self.acme = self.tenant("acme")

    @property
    def worker(self) -> Token:
        """The metadata of a worker, whose token ends within minutes: a new one in time."""
        return (("authorization", self._worker.authorization()),)

    def program(self, name: str) -> Token:
        """The metadata of another program of ours."""
        return (("authorization", ServiceTokens(self.settings, name).authorization()),)

    def tenant(self, tenant_id: str) -> Token:
        """The metadata of a tenant's admin."""
        return self.user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    def user(self, subject: str, **claims: Any) -> Token:
        """The metadata of anybody."""
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)

    async def deploy(
        self, slug: str = "blog", token: Token | None = None, **said: Any
    ) -> deployments_pb2.Deployment:
        """Makes a deployment, of acme unless a token says otherwise."""
        request = pb.CreateDeploymentRequest(slug=slug, **said)
        answer = await self.deployments.CreateDeployment(request, metadata=token or self.acme)
        return answer.deployment

    async def move(
        self, deployment_id: str, to_state: str, token: Token | None = None, **said: Any
    ) -> pb.TransitionDeploymentResponse:
        """Moves a deployment, as an operator unless a token says otherwise."""
        request = pb.TransitionDeploymentRequest(id=deployment_id, to_state=to_state, **said)
        return await self.deployments.TransitionDeployment(request, metadata=token or self.operator)

    async def allow(
        self, deployment_id: str, token: Token | None = None, **said: Any
    ) -> deployments_pb2.Deployment:
        """Says what billing actions may do, as an operator unless a token says otherwise."""
        request = pb.UpdateBillingActionsRequest(id=deployment_id, **said)
        answer = await self.deployments.UpdateBillingActions(
            request, metadata=token or self.operator
        )
        return answer.deployment

    async def look(
        self, deployment_id: str, token: Token | None = None
    ) -> pb.GetDeploymentResponse:
        """A deployment with its subscription and history, as acme sees it."""
        request = pb.GetDeploymentRequest(id=deployment_id)
        return await self.deployments.GetDeployment(request, metadata=token or self.acme)

    async def history(self, deployment_id: str) -> list[tuple[str, str, str]]:
        """What happened, oldest first: type, and the states before and after."""
        events = (await self.look(deployment_id, self.operator)).events
        return [(event.type, event.from_state, event.to_state) for event in reversed(events)]

    async def subscribe(
        self,
        deployment_id: str,
        plan_code: str = "studio",
        *,
        token: Token | None = None,
        **said: Any,
    ) -> subscriptions_pb2.Subscription:
        """Subscribes a deployment, as acme unless a token says otherwise."""
        request = subscription_pb.SubscribeRequest(id=deployment_id, plan_code=plan_code, **said)
        answer = await self.subscriptions.Subscribe(request, metadata=token or self.acme)
        return answer.subscription

    async def change(
        self, what: str, subscription_id: str, token: Token | None = None, **said: Any
    ) -> Any:
        """Changes a subscription by the RPC that is named, as an operator unless a token says."""
        request = getattr(subscription_pb, f"{what}Request")(id=subscription_id, **said)
        return await getattr(self.subscriptions, what)(request, metadata=token or self.operator)

    async def subscription(
        self, subscription_id: str, token: Token | None = None
    ) -> subscriptions_pb2.Subscription:
        """A subscription, as acme sees it unless a token says otherwise."""
        request = subscription_pb.GetSubscriptionRequest(id=subscription_id)
        answer = await self.subscriptions.GetSubscription(request, metadata=token or self.acme)
        return answer.subscription

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, as a superuser sees them."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query, parameters).fetchall()


async def refusal(call: Any, read: Callable[[grpc.aio.AioRpcError], str]) -> tuple[str, str]:
    """The status of a call that is refused, and what `read` reads from its details."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return error.code().name, read(error)
    raise AssertionError(f"not refused: {answer}")
