"""The real catalog and analytics, called step by step from a synchronous test."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import grpc
import psycopg
from arcadia.analytics.v1 import (
    invoice_service_pb2,
    invoicing_service_pb2,
    metering_service_pb2,
    rollup_service_pb2,
    usage_service_pb2,
)
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import rollup_service_pb2 as rollups_pb
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from psycopg import sql

from contracts.flows import Start
from contracts.invoicing import DECIDE
from services.analytics.deployments import Deployments
from services.analytics.invoicing.invoices.document.rendering import Renderer
from services.analytics.invoicing.invoices.invoice_servicer import InvoiceServicer
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.analytics.invoicing.rollups.freshness import Sources
from services.analytics.invoicing.rollups.invoicing_servicer import InvoicingServicer
from services.analytics.invoicing.rollups.rollup_servicer import RollupServicer
from services.analytics.meters import Meters
from services.analytics.peers import Peers
from services.analytics.usage.metering_servicer import MeteringServicer
from services.analytics.usage.usage_servicer import UsageServicer
from services.catalog.__main__ import DEFINITION, servicers
from services.catalog.plans.apply import apply_document
from services.catalog.plans.document import read_document
from services.catalog.plans.seed import seed
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quotes.store.billable import read_known
from services.common.db.database import Database
from services.common.durable import Started
from services.common.identity.callers import ALL
from services.common.server import Parts, ServiceDefinition, start
from services.common.settings import Service
from services.common.values.periods import Period
from tests.analytics.account import Analytics
from tests.analytics.peers import FakePeers, serve_peers
from tests.billing_machine.model import Lines
from tests.catalog.shop import Clock, Shop
from tests.invoicing.books import Books
from tests.invoicing.catalog import FakeCatalog
from tests.support.databases import PostgresServer

__all__ = ["FIRST_MONTH", "World", "running_world"]

FIRST_MONTH = date(2026, 1, 1)
KNOWN_OF = Period(date(2025, 1, 1), date(2028, 1, 1))

ALSO_SOLD = """
plans:
  - code: studio
    name: Studio
    price_cents: 5000
    currency: AUD
    items:
      - {resource_kind: droplet_hours, included_qty: 744, overage_unit: hour, overage_price_cents: 2}
      - {resource_kind: llm_tokens, included_qty: 500000, overage_unit: 1k_tokens, overage_price_cents: 1.5}
  - code: metered
    name: Metered
    price_cents: 999
    currency: AUD
    items:
      - resource_kind: llm_tokens
        included_qty: 0
        overage_unit: 1k_tokens
        overage_price_cents: 0
        pricing_model: graduated
        tiers: [{up_to_qty: 1000, unit_price_cents: 1}, {unit_price_cents: 0.5}]
      - resource_kind: droplet_hours
        included_qty: 100
        overage_unit: hour
        overage_price_cents: 99
        pricing_model: package
        package_qty: 100
      - resource_kind: bandwidth_gb
        included_qty: 100
        overage_unit: gb
        overage_price_cents: 2
        pricing_model: minimum
        amount_cents: 500
resource_prices:
  - {resource_kind: llm_tokens, unit: 1k_tokens, unit_price_cents: 0.9, currency: AUD, effective_from: 2026-02-16}
  - {resource_kind: bandwidth_gb, unit: gb, unit_price_cents: 3, currency: AUD, effective_from: 2026-01-20, effective_to: 2026-03-02}
"""  # noqa: E501  (a table)

TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%'
  AND n.nspname NOT IN ('information_schema', 'as_made') AND c.relname NOT LIKE 'alembic%'
"""
WALLS = """
SELECT n.nspname, c.relname, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.tgenabled = 'A' AND t.tgparentid = 0 AND NOT t.tgisinternal
"""
"""What keeps rows from being changed, also where rows are replicated."""
BILLED = """
SELECT i.tenant_id, i.period, i.status, coalesce(l.service_start, i.period),
       coalesce(l.deployment_id, ''), coalesce(l.meta ->> 'adjusts_kind', l.kind, ''),
       coalesce(l.resource_kind, ''), coalesce(l.amount_cents, 0)
FROM tenant_invoices AS i
LEFT JOIN tenant_invoice_lines AS l ON l.invoice_id = i.id AND l.kind <> 'tax'
WHERE i.status <> 'void' AND i.credited_in_full_at IS NULL
"""
STANDING = """
SELECT id::text FROM tenant_invoices
WHERE tenant_id = %s AND period = %s AND status <> 'void' AND credited_in_full_at IS NULL
"""
METERED = """
INSERT INTO work_passes (work, subject, pass_key, state, until, started_at, completed_at)
SELECT 'metering', day::date, 'as if', 'current', day + interval '1 day', now(), now()
FROM generate_series(%s::date, %s::date - 1, interval '1 day') AS day
WHERE NOT EXISTS (SELECT FROM work_passes AS p WHERE p.work = 'metering'
                  AND p.state = 'current' AND p.subject = day::date)
"""
REFUSALS = frozenset(
    {
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.PERMISSION_DENIED,
    }
)
"""How what may not be done is answered; anything else is a fault."""


class ToldWork:
    """Stands for Temporal: keeps what the run of a roll-up is signalled."""

    def __init__(self) -> None:
        self.decided: list[tuple[str, str]] = []

    async def start(
        self, start: Start[Any], *, signal: str = "", signal_args: Sequence[str] = ()
    ) -> Started:
        if signal == DECIDE:
            self.decided += [(start.argument.rollup_id, decision) for decision in signal_args]
        return Started(start.id, "run")

    async def first_run_id(self, workflow_id: str) -> str:
        return "run"

    async def notify(self, to: str, signal: str) -> None:
        """Nobody is dunned."""


@dataclass
class World:
    """Everybody who bills, behind calls that wait for their answer."""

    runner: asyncio.Runner
    clock: Clock
    shop: Shop
    metering: Analytics
    books: Books
    work: ToldWork
    databases: tuple[str, ...]
    known: Known = field(default_factory=lambda: Known({}, ()))
    versions: dict[tuple[str, int], UUID] = field(default_factory=dict)

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        """What a call answers."""
        return self.runner.run(call)

    def tried(self, call: Coroutine[Any, Any, Any]) -> Any:
        """What a call answers; None where it is refused, and so changes nothing."""
        try:
            return self.runner.run(call)
        except grpc.aio.AioRpcError as error:
            if error.code() not in REFUSALS:
                raise
            return None

    @property
    def today(self) -> date:
        return self.clock.now.date()

    def reset(self) -> None:
        """Forgets all but the catalog: as the databases were made."""
        self.clock.set("2026-01-10")
        self.metering.peers.spans.clear()
        self.work.decided.clear()
        for url in self.databases:
            with psycopg.connect(url) as connection:
                _restore(connection)

    def keep(self) -> None:
        """Remembers what the databases are made with."""
        for url in self.databases:
            with psycopg.connect(url) as connection:
                connection.execute("CREATE SCHEMA as_made")
                for schema, name in connection.execute(TABLES).fetchall():
                    connection.execute(
                        sql.SQL("CREATE TABLE {} AS TABLE {}").format(
                            sql.Identifier("as_made", name), sql.Identifier(schema, name)
                        )
                    )

    # Deployments and subscriptions.

    def deploy(self, tenant: str, slug: str, trial_ends_on: date | None) -> str:
        """A deployment, on trial until a day or not at all."""
        request = deployments_pb.CreateDeploymentRequest(
            tenant_id=tenant,
            slug=slug,
            trial=trial_ends_on is not None,
            trial_ends_on=trial_ends_on.isoformat() if trial_ends_on else "",
        )
        call = self.shop.deployments.CreateDeployment(request, metadata=self.shop.operator)
        return str(self.run(awaited(call)).deployment.id)

    def change(self, what: str, subscription_id: str, tenant: str = "", **said: Any) -> Any:
        """Changes a subscription as an operator, or as its tenant; None where it is refused."""
        token = self.shop.tenant(tenant) if tenant else self.shop.operator
        return self.tried(self.shop.change(what, subscription_id, token, **said))

    def extend_trial(self, deployment_id: str, day: date) -> Any:
        request = deployments_pb.ExtendTrialRequest(id=deployment_id, trial_ends_on=day.isoformat())
        call = self.shop.deployments.ExtendTrial(request, metadata=self.shop.operator)
        return self.tried(awaited(call))

    # The month's end, as the workflow takes its steps.

    def begin(self, month: date, *, force: bool, approval: bool) -> Any:
        """A roll-up up to its drafts; it awaits an approval, or issues them."""
        period = Period.month(month.year, month.month)
        self.books.execute(METERED, period.start, period.end)
        return self.run(self._begin(month.isoformat(), force=force, approval=approval))

    async def _begin(self, month: str, *, force: bool, approval: bool) -> Any:
        rollup = await self.books.begin(month, force=force, approval=approval)
        await self.metering.close(month)
        for cursor in await self.books.plan(rollup.id):
            answer = await self.books.draft(rollup.id, cursor)
            assert not answer.failed_count, await self.books.failures(rollup.id)
        await self.books.checked(rollup.id)
        if approval:
            await self.books.move(rollup.id, "awaiting_approval")
        else:
            await self._issue(rollup.id)
        return rollup

    async def _issue(self, rollup_id: str) -> None:
        await self.books.move(rollup_id, "issuing")
        while (await self.books.issue(rollup_id, limit=3)).remaining_count:
            pass
        await self.books.move(rollup_id, "completed")

    async def _undo(self, rollup_id: str, month: str) -> None:
        request = steps_pb.DiscardDraftsRequest(rollup_id=rollup_id)
        await self.books.steps.DiscardDrafts(request, metadata=self.books.worker)
        try:
            await self.metering.metering.ReopenMetering(
                metering_service_pb2.ReopenMeteringRequest(period=month),
                metadata=self.books.worker,
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                raise
        await self.books.move(rollup_id, "undone")

    def decide(self, what: str, rollup_id: str) -> Any:
        """An operator approves or undoes a roll-up; None where it is refused."""
        rollups, token = self.books.rollups, self.books.operator
        if what == "approve":
            approval = rollups_pb.ApproveRollupRequest(id=rollup_id)
            return self.tried(awaited(rollups.ApproveRollup(approval, metadata=token)))
        undo = rollups_pb.UndoRollupRequest(id=rollup_id, reason="a mistake")
        return self.tried(awaited(rollups.UndoRollup(undo, metadata=token)))

    def do_as_told(self) -> list[tuple[str, str]]:
        """The work on roll-ups does what it was told; what that was."""
        told = list(dict.fromkeys(self.work.decided))
        self.work.decided.clear()
        for rollup_id, decision in told:
            if decision == "approve":
                self.run(self._issue(rollup_id))
            else:
                [(month,)] = self.books.rows(
                    "SELECT period::text FROM rollups WHERE id = %s", rollup_id
                )
                self.run(self._undo(rollup_id, month))
        return told

    def invoice_id(self, tenant: str, month: date) -> str:
        """The invoice of a tenant's month that stands."""
        [(found,)] = self.books.rows(STANDING, tenant, month)
        return str(found)

    def billed(self) -> dict[tuple[str, date], tuple[str, Lines]]:
        """The status and the lines of all invoices that stand, by tenant and month."""
        found: dict[tuple[str, date], tuple[str, Lines]] = {}
        for tenant, month, status, day, deployment, kind, resource, cents in self.books.rows(
            BILLED
        ):
            lines = found.setdefault((tenant, month), (status, Lines()))[1]
            key = (day.replace(day=1).isoformat(), deployment, kind, resource)
            lines[key] += cents
            if not lines[key]:
                del lines[key]
        return found


def _restore(connection: psycopg.Connection[Any]) -> None:
    """Brings every table back to what it was made with; its walls are down for nobody else."""
    connection.execute("SET session_replication_role = replica")
    walls = [
        (sql.Identifier(schema, table), sql.Identifier(trigger))
        for schema, table, trigger in connection.execute(WALLS).fetchall()
    ]
    for table, trigger in walls:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(table, trigger))
    for schema, name in connection.execute(TABLES).fetchall():
        table, made = sql.Identifier(schema, name), sql.Identifier("as_made", name)
        connection.execute(sql.SQL("DELETE FROM {}").format(table))
        connection.execute(
            sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE TABLE {}").format(table, made)
        )
    for table, trigger in walls:
        connection.execute(
            sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(table, trigger)
        )


async def awaited(call: Any) -> Any:
    """A call as a coroutine: a runner takes nothing else."""
    return await call


@contextmanager
def running_world(postgres: PostgresServer) -> Iterator[World]:
    """Both services in a loop of their own, with one clock."""
    with asyncio.Runner() as runner:
        names = {one: postgres.create(one) for one in (Service.CATALOG, Service.ANALYTICS)}
        serving = _served(postgres, names, runner)
        world = runner.run(anext(serving))
        try:
            yield world
        finally:
            runner.run(anext(serving, None))
            for name in names.values():
                postgres.drop(name)


async def _served(
    postgres: PostgresServer, names: dict[Service, str], runner: asyncio.Runner
) -> Any:
    clock, work = Clock(), ToldWork()
    peers = FakePeers()  # type: ignore[abstract]  # what it lacks, the generated base refuses
    asked, peers_address = await serve_peers(peers)
    settings = postgres.settings(names, inventory_address=peers_address, log_level="warning")
    catalog = Database(settings.database_url(Service.CATALOG), application_name="catalog")
    await seed(catalog)
    async with catalog.write(ALL) as session:
        await apply_document(
            session,
            read_document(ALSO_SOLD),
            shown="",
            validate_only=False,
            by="op",
            now=clock(),
        )
    selling = await start(
        replace(DEFINITION, servicers=partial(servicers, now=clock)),
        settings,
        catalog,
        address="127.0.0.1:0",
    )
    settings = settings.model_copy(update={"catalog_address": f"127.0.0.1:{selling.port}"})
    database = Database(settings.database_url(Service.ANALYTICS), application_name="analytics")
    billing = await start(_analytics(clock, work), settings, database, address="127.0.0.1:0")
    shop_channel = grpc.aio.insecure_channel(f"127.0.0.1:{selling.port}")
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{billing.port}")
    urls = {service: postgres.url(name) for service, name in names.items()}
    name, url = names[Service.ANALYTICS], urls[Service.ANALYTICS]
    world = World(
        runner,
        clock,
        Shop(catalog, shop_channel, settings, urls[Service.CATALOG], clock),
        Analytics(database, channel, settings, name, peers, url),
        Books(database, channel, settings, url, FakeCatalog()),  # type: ignore[abstract]
        work,
        tuple(urls.values()),
    )
    sold = world.shop.rows(
        "SELECT p.code, v.version, v.id FROM plan_versions AS v JOIN plans AS p ON p.id = v.plan_id"
    )
    world.versions = {(code, version): key for code, version, key in sold}
    async with catalog.read(ALL) as session:
        world.known = await read_known(session, world.versions.values(), KNOWN_OF)
    world.keep()
    yield world
    for each in (shop_channel, channel):
        await each.close()
    for server in (billing.server, selling.server, asked):
        await server.stop(None)
    for each_database in (database, catalog):
        await each_database.close()


def _analytics(clock: Clock, work: Any) -> ServiceDefinition:
    """What of the analytics bills, by a clock that is set, and told work in Temporal's place."""

    def billing(parts: Parts) -> Iterable[object]:
        database, peers, terms = parts.database, Peers.of(parts.settings), Terms.of(parts.settings)
        deployments = Deployments(peers.catalog_lifecycle)
        catalog, meters = peers.catalog_pricing, Meters(peers.catalog_meters)
        sources = Sources(peers.inventory_lookup, peers.billing_costs)
        return (
            MeteringServicer(database, peers, deployments, meters, clock=clock),
            UsageServicer(database, deployments, meters, clock=clock),
            InvoicingServicer(database, catalog, sources, terms, clock),
            InvoiceServicer(database, catalog, work, terms, Renderer(), clock),
            RollupServicer(database, work, terms, clock),
        )

    protos = (metering_service_pb2, usage_service_pb2, invoicing_service_pb2,
              invoice_service_pb2, rollup_service_pb2)  # fmt: skip  # a table
    return ServiceDefinition(Service.ANALYTICS, tuple(one.DESCRIPTOR for one in protos), billing)
