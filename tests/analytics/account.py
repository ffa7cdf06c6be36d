"""A served analytics service, and its callers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import grpc
import psycopg
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import margin_service_pb2 as margin_pb
from arcadia.analytics.v1 import metering_service_pb2 as metering_pb
from arcadia.analytics.v1 import usage_pb2
from arcadia.analytics.v1 import usage_service_pb2 as usage_pb
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.exchange_rate_service_pb2_grpc import ExchangeRateServiceStub
from arcadia.analytics.v1.margin_service_pb2_grpc import MarginServiceStub
from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceStub
from arcadia.analytics.v1.usage_service_pb2_grpc import UsageServiceStub
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sqlalchemy import text

from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.rpc.wire import timestamp
from services.common.settings import Settings
from services.common.values.periods import Period
from tests.analytics.peers import SHOP, FakePeers, at

__all__ = ["Analytics", "reason_of"]

CHANGES = text("SELECT * FROM month_changes WHERE invoice_id IS NULL ORDER BY id")

Token = Sequence[tuple[str, str]]


@dataclass
class Analytics:
    """The analytics service on a fresh database, its peers, and those who call it."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    database_name: str
    peers: FakePeers
    admin_url: str = ""
    passes: int = 0
    metering: Any = field(init=False)
    usage: Any = field(init=False)
    rates: Any = field(init=False)
    attribution: Any = field(init=False)
    margins: Any = field(init=False)

    def __post_init__(self) -> None:
        self.metering = MeteringServiceStub(self.channel)
        self.usage = UsageServiceStub(self.channel)
        self.rates = ExchangeRateServiceStub(self.channel)
        self.attribution = AttributionServiceStub(self.channel)
        self.margins = MarginServiceStub(self.channel)
        self._worker = ServiceTokens(self.settings, "worker")
        self.operator = self._user("op", roles=["platform-admin"])

    @property
    def worker(self) -> Token:
        """The metadata of a worker, whose token ends within minutes: a new one in time."""
        return (("authorization", self._worker.authorization()),)

    def program(self, name: str) -> Token:
        """The metadata of another program of ours."""
        return (("authorization", ServiceTokens(self.settings, name).authorization()),)

    def tenant(self, tenant_id: str) -> Token:
        """The metadata of a tenant's member."""
        return self._user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    def _user(self, subject: str, **claims: Any) -> Token:
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)

    def next_key(self) -> str:
        """A key for a pass of its own."""
        self.passes += 1
        return f"metering/test/{self.passes}"

    async def page(self, day: str, key: str, token: str = "", size: int = 0) -> Any:
        """A page of metering."""
        request = metering_pb.MeterDayRequest(
            day=day, pass_key=key, page_token=token, page_size=size
        )
        return await self.metering.MeterDay(request, metadata=self.worker)

    async def meter(self, day: str, *, size: int = 0, key: str = "") -> Any:
        """Meters a day to its end; the last page's answer."""
        key = key or self.next_key()
        answer = await self.page(day, key, size=size)
        while answer.next_page_token:
            answer = await self.page(day, key, answer.next_page_token, size)
        return answer

    async def meter_month(self, month: Period) -> None:
        """Meters every day of a month."""
        for number in range(month.days):
            await self.meter((month.start + timedelta(days=number)).isoformat())

    async def close(self, period: str) -> Any:
        """Closes a month."""
        return await self.metering.CloseMetering(
            metering_pb.CloseMeteringRequest(period=period), metadata=self.worker
        )

    async def figures(self, token: Token | None = None, **wanted: Any) -> list[Any]:
        """Figures of usage, as an operator sees them unless `token` says."""
        request = usage_pb.ListDailyUsageRequest(**{"page_size": 500, **wanted})
        answer = await self.usage.ListDailyUsage(request, metadata=token or self.operator)
        return list(answer.daily_usage)

    async def used(self, **wanted: Any) -> dict[str, Decimal]:
        """What was used in all, by kind."""
        totals: dict[str, Decimal] = {}
        for figure in await self.figures(**wanted):
            so_far = totals.get(figure.resource_kind, Decimal(0))
            totals[figure.resource_kind] = so_far + Decimal(figure.qty)
        return totals

    def execute(self, statement: str, *parameters: Any) -> None:
        """Changes the database behind everybody's back."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statement.encode(), parameters)

    async def changes(self) -> list[tuple[str, str, str, str]]:
        """What changed in closed months and is on no invoice: whose, which month, by what."""
        async with self.database.read(ALL) as session:
            rows = await session.execute(CHANGES)
            return [(one.tenant_id, one.deployment_id, str(one.period), one.cause) for one in rows]

    async def facts(self, usage_id: str, token: Token | None = None) -> list[Any]:
        """The facts behind a figure."""
        request = usage_pb.ListUsageFactsRequest(usage_id=usage_id)
        answer = await self.usage.ListUsageFacts(request, metadata=token or self.operator)
        return list(answer.facts)

    async def unmetered(self, token: Token | None = None, **wanted: Any) -> list[Any]:
        """What could not be metered, as an operator sees it unless `token` says."""
        resources, page_token = [], ""
        while True:
            request = usage_pb.ListUnmeteredResourcesRequest(page_token=page_token, **wanted)
            answer = await self.usage.ListUnmeteredResources(
                request, metadata=token or self.operator
            )
            resources += answer.resources
            if not (page_token := answer.next_page_token):
                return resources

    async def record(self, *events: usage_pb2.UsageEvent) -> Any:
        """Records events as a worker does; the receipt."""
        request = metering_pb.RecordUsageEventsRequest(events=events)
        answer = await self.metering.RecordUsageEvents(request, metadata=self.worker)
        return answer.receipt

    async def send(self, *events: usage_pb2.UsageEvent, **more: Any) -> Any:
        """Sends events as an operator does; the receipt."""
        request = usage_pb.SendUsageEventsRequest(events=events, **more)
        return (await self.usage.SendUsageEvents(request, metadata=self.operator)).receipt

    async def void(self, *keys: str, source: str = "llm-gateway", **more: Any) -> Any:
        """Voids events as an operator does; the answer."""
        events = [usage_pb2.UsageEventKey(source=source, idempotency_key=key) for key in keys]
        request = usage_pb.VoidUsageEventsRequest(
            events=events, **{"reason": "counted wrongly", **more}
        )
        return await self.usage.VoidUsageEvents(request, metadata=self.operator)

    async def voided(self, token: Token | None = None, **wanted: Any) -> Any:
        """A page of voided events, as an operator sees it unless `token` says."""
        request = usage_pb.ListVoidedUsageEventsRequest(**wanted)
        return await self.usage.ListVoidedUsageEvents(request, metadata=token or self.operator)

    async def attribute(self, period: str, *, size: int = 0) -> list[Any]:
        """Attributes a month's costs to the end; all answers."""
        key, token, answers = self.next_key(), "", []
        while True:
            request = attribution_pb.AttributeCostsRequest(
                period=period, pass_key=key, page_size=size, page_token=token
            )
            answer = await self.attribution.AttributeCosts(request, metadata=self.worker)
            answers.append(answer)
            if not (token := answer.next_page_token):
                return answers

    async def margin(self, period: str, **wanted: Any) -> Any:
        """Computes a month's margin and reads it."""
        await self.attribution.RefreshMargin(
            attribution_pb.RefreshMarginRequest(period=period), metadata=self.worker
        )
        request = margin_pb.GetMarginRequest(period=period, **wanted)
        return await self.margins.GetMargin(request, metadata=self.operator)


def event(
    key: str,
    *,
    qty: str = "1000",
    day: str = "",
    kind: str = "llm_tokens",
    deployment: str = SHOP.id,
    source: str = "llm-gateway",
    tenant: str = "",
    dimensions: Mapping[str, str] | None = None,
    time: str = "00:00:01",
    value: str = "",
) -> usage_pb2.UsageEvent:
    """A usage event, early on a day unless `time` says; on yesterday when none is named."""
    when = at(day or yesterday(), time)
    return usage_pb2.UsageEvent(
        idempotency_key=key, source=source, tenant_id=tenant, deployment_id=deployment,
        resource_kind=kind, qty=qty, occurred_at=timestamp(when), dimensions=dimensions,
        unique_value=value,
    )  # fmt: skip  # a table


def yesterday() -> str:
    """The day before today, in UTC."""
    return (today() - timedelta(days=1)).isoformat()


def today() -> date:
    """Today, in UTC."""
    return datetime.now(UTC).date()


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable name of a refusal."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    info = error_details_pb2.ErrorInfo()
    if status is not None and status.details:
        status.details[0].Unpack(info)
    return str(info.reason)
