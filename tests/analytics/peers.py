"""The services that analytics calls, on a real server, with responses that a test sets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
from arcadia.billing.v1 import cost_feed_service_pb2 as costs_pb
from arcadia.billing.v1 import (
    cost_feed_service_pb2_grpc,
    cost_service_pb2,
    cost_service_pb2_grpc,
    costs_pb2,
)
from arcadia.catalog.v1 import (
    deployments_pb2,
    lifecycle_service_pb2_grpc,
    meter_service_pb2_grpc,
    meters_pb2,
    pricing_service_pb2_grpc,
)
from arcadia.catalog.v1 import lifecycle_service_pb2 as lifecycle_pb
from arcadia.catalog.v1 import meter_service_pb2 as meter_pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb
from arcadia.inventory.v1 import lookup_service_pb2_grpc

from services.common.rpc.wire import instant_of, timestamp

__all__ = ["Deployment", "FakePeers", "Span", "serve_peers"]

Pricer = Callable[[pricing_pb.BatchQuoteItem], pricing_pb.BatchQuoteResult]


@dataclass(frozen=True)
class Span:
    """A span of a resource's existence."""

    resource: int
    start: datetime
    end: datetime
    kind: str = "droplet"
    tenant_id: str = "acme"
    deployment: str = "shop"
    status: str = "active"
    size_gb: str | None = None
    unmeasured: str = ""
    size: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def within(self, start: datetime, end: datetime) -> lookup_pb.ExistenceInterval | None:
        """As the inventory answers it for a span."""
        first, last = max(self.start, start), min(self.end, end)
        if first >= last:
            return None
        return lookup_pb.ExistenceInterval(
            resource_id=str(UUID(int=self.resource)),
            kind=self.kind,
            name=f"{self.kind}-{self.resource}",
            tenant_id=self.tenant_id,
            deployment_id=self.deployment,
            interval_from=timestamp(first),
            interval_to=timestamp(last),
            status=self.status,
            size_gb=self.size_gb,
            size_unknown_because=self.unmeasured,
            size=self.size,
            fields=self.fields,
        )


@dataclass(frozen=True)
class Deployment:
    """A deployment that the catalog knows, with a subscription named after it."""

    id: str
    tenant_id: str
    slug: str

    @property
    def subscription_id(self) -> str:
        """Its subscription."""
        return f"sub-{self.id}"

    def message(self) -> deployments_pb2.Deployment:
        """As the catalog answers it."""
        return deployments_pb2.Deployment(id=self.id, tenant_id=self.tenant_id, slug=self.slug)


SHOP = Deployment("11111111-0000-7000-8000-000000000001", "acme", "shop")
BLOG = Deployment("11111111-0000-7000-8000-000000000002", "globex", "blog")


@dataclass
class FakePeers(
    lookup_service_pb2_grpc.LookupServiceServicer,
    lifecycle_service_pb2_grpc.LifecycleServiceServicer,
    pricing_service_pb2_grpc.PricingServiceServicer,
    meter_service_pb2_grpc.MeterServiceServicer,
    cost_feed_service_pb2_grpc.CostFeedServiceServicer,
    cost_service_pb2_grpc.CostServiceServicer,
):
    """What they know."""

    spans: list[Span] = field(default_factory=list)
    lives: dict[int, lookup_pb.Lifetime] = field(default_factory=dict)
    """What is known beyond the spans, by the number of its resource."""
    deployments: list[Deployment] = field(default_factory=lambda: [SHOP, BLOG])
    meters: dict[str, meters_pb2.Meter] = field(default_factory=dict)
    """What an operator added, by code."""
    fail_meters: bool = False
    """The catalog does not respond when it is asked for them."""
    cost_lines: list[costs_pb2.CostLine] = field(default_factory=list)
    costs_complete: bool = True
    daily_costs: list[costs_pb2.DailyCost] = field(default_factory=list)
    unknown_days: list[str] = field(default_factory=list)
    price: Pricer | None = None
    fail_at_page: str | None = None
    """The inventory breaks off at the page of this token."""
    fail_accrual: bool = False
    """The catalog refuses to list what is billable."""
    hold_at_page: str | None = None
    """The inventory does not respond at the page of this token until it is let go."""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    bills: dict[str, str] = field(default_factory=dict)
    """What the lines of a month are named, where not "1"."""
    refused_bill: str = ""
    """Billing refuses to list the lines of this month."""
    abort_costs_at: str | None = None
    """Billing has other lines by the page of this token."""
    swept: dict[str, datetime] = field(default_factory=dict)
    """When kinds were last seen completely."""
    tells_no_sweeps: bool = False
    """The inventory does not respond when that was."""
    asked: list[Any] = field(default_factory=list)

    async def ListExistenceIntervals(
        self, request: lookup_pb.ListExistenceIntervalsRequest, context: Any
    ) -> lookup_pb.ListExistenceIntervalsResponse:
        self.asked.append(request)
        if self.fail_at_page == request.page_token:
            await context.abort(grpc.StatusCode.INTERNAL, "broken off")
        if self.hold_at_page == request.page_token:
            self.held.set()
            await self.let_go.wait()
        start, end = instant_of(request.span_from), instant_of(request.span_to)
        found = [
            interval
            for span in sorted(self.spans, key=lambda span: (span.resource, span.start))
            if (not request.kinds or span.kind in request.kinds)
            and (interval := span.within(start, end))
        ]
        page, token = _page(found, request.page_size, request.page_token)
        return lookup_pb.ListExistenceIntervalsResponse(intervals=page, next_page_token=token)

    async def LookupResources(
        self, request: lookup_pb.LookupResourcesRequest, context: Any
    ) -> lookup_pb.LookupResourcesResponse:
        self.asked.append(request)
        numbers = [UUID(key.resource_id).int for key in request.keys]
        lives = [self.lives.get(number) for number in numbers]
        return lookup_pb.LookupResourcesResponse(
            results=[
                lookup_pb.ResourceCandidates(lifetimes=[life] if life else []) for life in lives
            ]
        )

    async def GetSweepTimes(
        self, request: lookup_pb.GetSweepTimesRequest, context: Any
    ) -> lookup_pb.GetSweepTimesResponse:
        if self.tells_no_sweeps:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "an older release")
        return lookup_pb.GetSweepTimesResponse(
            sweep_times=[
                lookup_pb.SweepTime(
                    kind=kind,
                    completed_sweep_at=timestamp(self.swept[kind]) if kind in self.swept else None,
                )
                for kind in request.kinds
            ]
        )

    async def LookupDeployments(
        self, request: lifecycle_pb.LookupDeploymentsRequest, context: Any
    ) -> lifecycle_pb.LookupDeploymentsResponse:
        self.asked.append(request)
        return lifecycle_pb.LookupDeploymentsResponse(matches=map(self._match, request.keys))

    def _match(self, key: lifecycle_pb.DeploymentKey) -> lifecycle_pb.DeploymentMatch:
        fitting = [
            one
            for one in self.deployments
            if (key.id == one.id if key.id else key.slug == one.slug)
            and key.tenant_id in ("", one.tenant_id)
        ]
        if len(fitting) == 1:
            return lifecycle_pb.DeploymentMatch(deployment=fitting[0].message())
        return lifecycle_pb.DeploymentMatch(ambiguous=bool(fitting))

    def declare(self, code: str, aggregation: str, basis: str = "events", *keys: str) -> None:
        """Adds a meter to the catalog, with these dimensions."""
        unit = meters_pb2.MeterUnit(unit="unit", factor=1)
        self.meters[code] = meters_pb2.Meter(
            code=code, name=code, units=[unit], aggregation=aggregation, basis=basis,
            dimensions=keys, source="events",
        )  # fmt: skip  # a table

    async def LookupMeters(
        self, request: meter_pb.LookupMetersRequest, context: Any
    ) -> meter_pb.LookupMetersResponse:
        self.asked.append(request)
        if self.fail_meters:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the catalog is down")
        codes = sorted(request.codes or self.meters)
        found = [self.meters[code] for code in codes if code in self.meters]
        page, token = _page(found, request.page_size, request.page_token)
        return meter_pb.LookupMetersResponse(meters=page, next_page_token=token)

    async def ListBillableSubscriptions(
        self, request: pricing_pb.ListBillableSubscriptionsRequest, context: Any
    ) -> pricing_pb.ListBillableSubscriptionsResponse:
        self.asked.append(request)
        if self.fail_accrual:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "refused")
        tenants = sorted({one.tenant_id for one in self.deployments})
        page, token = _page(tenants, request.page_size, request.page_token)
        found = []
        for one in sorted(self.deployments, key=lambda one: (one.tenant_id, one.id)):
            if one.tenant_id in page:
                message = pricing_pb.BillableSubscription(deployment=one.message())
                message.subscription.id = one.subscription_id
                message.subscription.deployment_id = one.id
                message.subscription.tenant_id = one.tenant_id
                found.append(message)
        return pricing_pb.ListBillableSubscriptionsResponse(
            billable_subscriptions=found, next_page_token=token
        )

    async def BatchQuote(
        self, request: pricing_pb.BatchQuoteRequest, context: Any
    ) -> AsyncIterator[pricing_pb.BatchQuoteResponse]:
        self.asked.append(request)
        assert self.price is not None
        for item in request.items:
            yield pricing_pb.BatchQuoteResponse(results=[self.price(item)])

    async def ListPeriodCosts(
        self, request: costs_pb.ListPeriodCostsRequest, context: Any
    ) -> costs_pb.ListPeriodCostsResponse:
        self.asked.append(request)
        if self.abort_costs_at == request.page_token:
            await context.abort(grpc.StatusCode.ABORTED, "ingested anew")
        if self.refused_bill == request.period:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such bill")
        page, token = _page(self.cost_lines, request.page_size, request.page_token)
        return costs_pb.ListPeriodCostsResponse(
            cost_lines=page,
            next_page_token=token,
            complete=self.costs_complete,
            lines_version=self.bills.get(request.period, "1"),
        )

    async def GetLinesVersions(
        self, request: costs_pb.GetLinesVersionsRequest, context: Any
    ) -> costs_pb.GetLinesVersionsResponse:
        self.asked.append(request)
        return costs_pb.GetLinesVersionsResponse(
            lines_versions=[self.bills.get(period, "1") for period in request.periods]
        )

    async def ListSpanCosts(
        self, request: costs_pb.ListSpanCostsRequest, context: Any
    ) -> costs_pb.ListSpanCostsResponse:
        self.asked.append(request)
        page, token = _page(self.daily_costs, request.page_size, request.page_token)
        return costs_pb.ListSpanCostsResponse(
            daily_costs=page, next_page_token=token, unknown_days=self.unknown_days
        )

    async def ListDailyCosts(
        self, request: cost_service_pb2.ListDailyCostsRequest, context: Any
    ) -> cost_service_pb2.ListDailyCostsResponse:
        return cost_service_pb2.ListDailyCostsResponse(daily_costs=self.daily_costs)


def _page(rows: Sequence[Any], size: int, token: str) -> tuple[Sequence[Any], str]:
    start = int(token or 0)
    end = start + (size or 1_000)
    return rows[start:end], str(end) if end < len(rows) else ""


async def serve_peers(peers: FakePeers) -> tuple[grpc.aio.Server, str]:
    """Starts them on a server of their own; its address."""
    server = grpc.aio.server()
    lookup_service_pb2_grpc.add_LookupServiceServicer_to_server(peers, server)
    lifecycle_service_pb2_grpc.add_LifecycleServiceServicer_to_server(peers, server)
    pricing_service_pb2_grpc.add_PricingServiceServicer_to_server(peers, server)
    meter_service_pb2_grpc.add_MeterServiceServicer_to_server(peers, server)
    cost_feed_service_pb2_grpc.add_CostFeedServiceServicer_to_server(peers, server)
    cost_service_pb2_grpc.add_CostServiceServicer_to_server(peers, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"


def at(day: str, time: str = "00:00:00") -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC)
