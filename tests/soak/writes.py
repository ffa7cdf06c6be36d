"""The writes of the load: over HTTP through the gateway, and over gRPC to the services."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from arcadia.analytics.v1 import usage_pb2
from arcadia.analytics.v1 import usage_service_pb2 as usage
from arcadia.analytics.v1.usage_service_pb2_grpc import UsageServiceStub
from arcadia.catalog.v1 import subscription_service_pb2 as subscriptions
from arcadia.catalog.v1.subscription_service_pb2_grpc import SubscriptionServiceStub

from services.common.settings import Service
from tests.soak.outside import Outside

__all__ = [
    "SOURCE",
    "TENANT",
    "Addons",
    "Assignments",
    "Deployments",
    "Quotes",
    "Subscriptions",
    "UsageOverGrpc",
    "UsageOverHttp",
]

TENANT: Final = "acme"
SOURCE: Final = "soak"
BATCH: Final = 5
"""Usage events in a request."""


def _refused(receipt: usage_pb2.EventReceipt) -> None:
    """A usage service that cannot ask the catalog says so event by event."""
    assert not receipt.refused, receipt.refused


@dataclass
class UsageOverHttp:
    """Batches of usage events, each event with a key of its own."""

    outside: Outside
    deployment_id: str
    kind: str = "usage-http"
    pause: float = 0.1

    async def prepare(self, key: str) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        return {
            "events": [
                {
                    "idempotency_key": f"{key}-{number}",
                    "source": SOURCE,
                    "deployment_id": self.deployment_id,
                    "resource_kind": "llm_tokens",
                    "qty": str(100 + number),
                    "occurred_at": now,
                }
                for number in range(BATCH)
            ]
        }

    async def send(self, request: dict[str, Any]) -> dict[str, Decimal]:
        answer = await self.outside.post("/api/v1/usage-events", request)
        assert not answer["receipt"].get("refused"), answer
        return {event["idempotency_key"]: Decimal(event["qty"]) for event in request["events"]}


@dataclass
class UsageOverGrpc:
    """The same, to the service itself."""

    outside: Outside
    deployment_id: str
    kind: str = "usage-grpc"
    pause: float = 0.1

    async def prepare(self, key: str) -> usage.SendUsageEventsRequest:
        request = usage.SendUsageEventsRequest()
        for number in range(BATCH):
            event = request.events.add(
                idempotency_key=f"{key}-{number}",
                source=SOURCE,
                deployment_id=self.deployment_id,
                resource_kind="llm_tokens",
                qty=str(200 + number),
            )
            event.occurred_at.FromDatetime(datetime.now(UTC))
        return request

    async def send(self, request: usage.SendUsageEventsRequest) -> dict[str, Decimal]:
        answer = await self.outside.call(
            Service.ANALYTICS, UsageServiceStub, "SendUsageEvents", request
        )
        _refused(answer.receipt)
        return {event.idempotency_key: Decimal(event.qty) for event in request.events}


@dataclass
class Deployments:
    """Deployments of a tenant; their ids are handed on to be subscribed."""

    outside: Outside
    made: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    kind: str = "deployment"
    pause: float = 0.2

    async def prepare(self, key: str) -> dict[str, Any]:
        return {"tenant_id": TENANT, "slug": f"soak-{key}", "request_id": key}

    async def send(self, request: dict[str, Any]) -> str:
        answer = await self.outside.post("/api/v1/deployments", request)
        identifier = str(answer["deployment"]["id"])
        self.made.put_nowait(identifier)
        return identifier


@dataclass
class Subscriptions:
    """A subscription for each of them; handed on to be given an addon."""

    outside: Outside
    deployments: asyncio.Queue[str]
    made: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    kind: str = "subscription"
    pause: float = 0.05

    async def prepare(self, key: str) -> subscriptions.SubscribeRequest | None:
        identifier = await _next(self.deployments)
        if identifier is None:
            return None
        return subscriptions.SubscribeRequest(id=identifier, plan_code="starter", request_id=key)

    async def send(self, request: subscriptions.SubscribeRequest) -> str:
        answer = await self.outside.call(
            Service.CATALOG, SubscriptionServiceStub, "Subscribe", request
        )
        identifier = str(answer.subscription.id)
        self.made.put_nowait(identifier)
        return identifier


@dataclass
class Addons:
    """One addon for each subscription. Nothing but the key keeps it from being attached twice."""

    outside: Outside
    subscribed: asyncio.Queue[str]
    kind: str = "addon"
    pause: float = 0.05

    async def prepare(self, key: str) -> subscriptions.AttachAddonRequest | None:
        identifier = await _next(self.subscribed)
        if identifier is None:
            return None
        return subscriptions.AttachAddonRequest(id=identifier, code="llm_1m", request_id=key)

    async def send(self, request: subscriptions.AttachAddonRequest) -> str:
        answer = await self.outside.call(
            Service.CATALOG, SubscriptionServiceStub, "AttachAddon", request
        )
        return str(answer.attached_addon.id)


@dataclass
class Quotes:
    """Quotes that are kept, each of another usage."""

    outside: Outside
    kind: str = "quote"
    pause: float = 0.2

    async def prepare(self, key: str) -> dict[str, Any]:
        number = int(key.rpartition("-")[2])
        return {
            "plan_code": "studio",
            "projected_usage": {"llm_tokens": 1_000_000 + number},
            "request_id": key,
        }

    async def send(self, request: dict[str, Any]) -> str:
        answer = await self.outside.post("/api/v1/quote", request)
        return str(answer["id"])


@dataclass
class Assignments:
    """A resource that goes from one tenant to another and back; the reason is the key."""

    outside: Outside
    resource_id: str
    kind: str = "assignment"
    pause: float = 0.3

    async def prepare(self, key: str) -> dict[str, Any]:
        number = int(key.rpartition("-")[2])
        tenant = ("acme", "globex")[number % 2]
        return {"tenant_id": tenant, "reason": key, "request_id": key}

    async def send(self, request: dict[str, Any]) -> str:
        answer = await self.outside.post(f"/api/v1/inventory/{self.resource_id}/assign", request)
        return str(answer["resource"]["tenant_id"])


async def _next(queue: asyncio.Queue[str]) -> str | None:
    """What is handed on; None after a while without anything, so that nobody waits for ever."""
    try:
        async with asyncio.timeout(0.5):
            return await queue.get()
    except TimeoutError:
        return None
