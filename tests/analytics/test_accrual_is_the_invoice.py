"""The accrual at the end of a period equals its invoices, with the real quote engine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceStub
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from arcadia.catalog.v1 import subscription_service_pb2 as subscriptions_pb
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from arcadia.catalog.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from sqlalchemy import TextClause, text

import services.analytics.__main__
import services.catalog.__main__
from services.catalog.plans.seed import seed
from services.common.db.database import Database, ReadSession
from services.common.identity.callers import ALL
from services.common.server import start
from services.common.settings import Service
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, today
from tests.analytics.peers import FakePeers, Span, serve_peers
from tests.support.databases import PostgresServer

ACCRUED = text("""
SELECT a.tenant_id, sum(a.accrued_cents)::bigint, array_agg(a.inputs_hash ORDER BY inputs_hash)
FROM accruals AS a JOIN work_passes AS p ON p.id = a.pass_id AND p.state = 'current'
GROUP BY 1
""")
INVOICED = text("""
SELECT i.tenant_id, i.subtotal_cents,
       (SELECT array_agg(p.inputs_hash ORDER BY p.inputs_hash) FROM tenant_invoice_proofs AS p
        WHERE p.invoice_id = i.id AND p.deployment_id <> '')
FROM tenant_invoices AS i
""")


@dataclass
class Shop:
    """Analytics beside a real catalog."""

    analytics: Analytics
    deployments: Any
    subscriptions: Any

    async def deployment(self, tenant_id: str, slug: str, plan: str, **how: Any) -> str:
        """A deployment that is subscribed to a plan; its id."""
        operator = self.analytics.operator
        made = await self.deployments.CreateDeployment(
            deployments_pb.CreateDeploymentRequest(tenant_id=tenant_id, slug=slug),
            metadata=operator,
        )
        identity: str = made.deployment.id
        request = subscriptions_pb.SubscribeRequest(id=identity, plan_code=plan, **how)
        await self.subscriptions.Subscribe(request, metadata=operator)
        return identity


@pytest.fixture
async def shop(postgres: PostgresServer) -> AsyncIterator[Shop]:
    """Two real services; inventory and billing answer what a test sets."""
    names = {one: postgres.create(one) for one in (Service.ANALYTICS, Service.CATALOG)}
    peers = FakePeers()  # type: ignore[abstract]  # what it lacks, the generated base refuses
    asked, address = await serve_peers(peers)
    settings = postgres.settings(names, inventory_address=address, billing_address=address)
    catalog = Database(settings.database_url(Service.CATALOG), application_name="catalog")
    await seed(catalog)
    selling = await start(
        services.catalog.__main__.DEFINITION, settings, catalog, address="127.0.0.1:0"
    )
    settings = settings.model_copy(update={"catalog_address": f"127.0.0.1:{selling.port}"})
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    running = await start(
        services.analytics.__main__.DEFINITION, settings, database, address="127.0.0.1:0"
    )
    to_catalog = grpc.aio.insecure_channel(f"127.0.0.1:{selling.port}")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
    yield Shop(
        Analytics(database, channel, settings, names[Service.ANALYTICS], peers),
        DeploymentServiceStub(to_catalog),
        SubscriptionServiceStub(to_catalog),
    )
    await channel.close()
    await to_catalog.close()
    for server in (running.server, selling.server, asked):
        await server.stop(None)
    for each in (database, catalog):
        await each.close()
    for name in names.values():
        postgres.drop(name)


async def told(session: ReadSession, query: TextClause) -> dict[str, tuple[Any, ...]]:
    """What each tenant came to, and the hashes of what it was computed from."""
    rows = (await session.execute(query)).all()
    return {row.tenant_id: tuple(row)[1:] for row in rows}


async def accrue(analytics: Analytics, month: Period) -> None:
    key, token = analytics.next_key(), ""
    while True:
        request = attribution_pb.RefreshAccrualRequest(
            period=month.start.isoformat(), pass_key=key, page_size=2, page_token=token
        )
        answer = await analytics.attribution.RefreshAccrual(request, metadata=analytics.worker)
        assert answer.failed_count == 0
        if not (token := answer.next_page_token):
            return


async def draft(analytics: Analytics, month: Period) -> None:
    """Every tenant's invoice, as the month's end drafts it."""
    steps: Any = InvoicingServiceStub(analytics.channel)
    request = steps_pb.BeginRollupRequest(
        period=month.start.isoformat(),
        key=f"invoice-rollup/{month.code}/{uuid4()}",
        started_by="test",
    )
    rollup = (await steps.BeginRollup(request, metadata=analytics.worker)).rollup
    plan = await steps.PlanRollup(
        steps_pb.PlanRollupRequest(rollup_id=rollup.id), metadata=analytics.worker
    )
    for cursor in plan.tenant_cursors:
        answer = await steps.DraftInvoices(
            steps_pb.DraftInvoicesRequest(rollup_id=rollup.id, tenant_cursor=cursor),
            metadata=analytics.worker,
        )
        assert answer.failed_count == 0


@pytest.mark.parametrize("seed_of_the_case", range(3))
async def test_the_accrual_at_the_end_of_a_period_equals_its_invoices(
    shop: Shop, seed_of_the_case: int
) -> None:
    random = Random(seed_of_the_case)
    analytics, month = shop.analytics, month_of(today()).preceding()
    events = []
    for number in range(9):
        tenant = random.choice(["acme", "globex", "hooli", "initech"])
        starts = month.start.replace(day=random.choice([1, 1, 7, 20]))
        identity = await shop.deployment(
            tenant,
            f"app-{number}",
            random.choice(["starter", "studio", "pro"]),
            addons=random.choices(["storage_50gb"], k=random.randrange(3)),
            starts_on=starts.isoformat(),
        )
        analytics.peers.spans += [
            Span(
                number * 10 + droplet,
                month.start_at,
                month.end_at,
                tenant_id=tenant,
                deployment=random.choice([identity, f"app-{number}"]),
                size=random.choice(["", "s-1vcpu-1gb", "s-2vcpu-4gb", "c-2", "gpu-unlisted"]),
            )
            for droplet in range(random.randrange(5))
        ]
        analytics.peers.spans.append(
            Span(
                number * 10 + 9, month.start_at, month.end_at, kind="spaces_bucket",
                tenant_id=tenant, deployment=identity, size_gb=f"{random.randrange(400)}.5",
            )
        )  # fmt: skip  # a table
        day = month.start.replace(day=random.randrange(1, 28)).isoformat()
        tokens = str(random.randrange(3_000_000))
        events.append(event(f"e{number}", deployment=identity, day=day, qty=tokens))
    await analytics.meter_month(month)
    await analytics.record(*events)
    await analytics.close(month.start.isoformat())

    await accrue(analytics, month)
    await draft(analytics, month)
    async with analytics.database.read(ALL) as session:
        accrued = await told(session, ACCRUED)
        invoiced = await told(session, INVOICED)
    assert accrued == invoiced
    assert any(cents % 100 for cents, _ in invoiced.values())


@pytest.mark.parametrize(
    ("droplets", "addons", "cents"), [(5, [], 7112), (3, ["storage_50gb"], 6422)]
)
async def test_studio_through_all_of_april_comes_to_what_the_figures_say(
    shop: Shop, droplets: int, addons: list[str], cents: int
) -> None:
    april, analytics = Period.month(2026, 4), shop.analytics
    await shop.deployment("acme", "web", "studio", addons=addons, starts_on="2026-04-01")
    analytics.peers.spans = [
        Span(number, april.start_at, april.end_at, deployment="web") for number in range(droplets)
    ]
    await analytics.meter_month(april)
    await accrue(analytics, april)
    async with analytics.database.read(ALL) as session:
        accrued = await told(session, ACCRUED)
    assert accrued["acme"][0] == cents
