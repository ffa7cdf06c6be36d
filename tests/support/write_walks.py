"""Calls of every write RPC for users, in a valid order."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
import psycopg
from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates
from arcadia.analytics.v1 import invoice_service_pb2 as invoices
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1 import one_off_service_pb2 as one_offs
from arcadia.analytics.v1 import spend_service_pb2 as spend
from arcadia.catalog.v1 import api_key_service_pb2 as keys
from arcadia.catalog.v1 import catalog_service_pb2 as catalog
from arcadia.catalog.v1 import deployment_service_pb2 as deployments
from arcadia.catalog.v1 import limit_service_pb2 as limits
from arcadia.catalog.v1 import meter_service_pb2 as meters
from arcadia.catalog.v1 import meters_pb2
from arcadia.catalog.v1 import quote_service_pb2 as quotes
from arcadia.catalog.v1 import rebilling_service_pb2 as rebilling
from arcadia.catalog.v1 import subscription_service_pb2 as subscriptions
from arcadia.catalog.v1 import token_revocation_service_pb2 as tokens
from arcadia.inventory.v1 import drift_service_pb2 as drift
from arcadia.inventory.v1 import inventory_service_pb2 as inventory
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value
from psycopg import sql

import services.analytics.__main__
import services.catalog
import services.catalog.__main__
import services.inventory.__main__
from services.common.db.database import Database
from services.common.identity.policy import method_path
from services.common.server import ServiceDefinition, start
from services.common.settings import Service
from services.common.values.periods import Period
from tests.support.databases import PostgresServer
from tests.support.lost_commits import LostCommits, losing_commits
from tests.walls import inventory as planted_inventory
from tests.walls.invoices import issued_invoices
from tests.walls.wall import Planting, Token

__all__ = ["DEFINITIONS", "METHODS", "WALKS", "Walk", "walking"]

DEFINITIONS: dict[Service, ServiceDefinition] = {
    Service.INVENTORY: services.inventory.__main__.DEFINITION,
    Service.CATALOG: services.catalog.__main__.DEFINITION,
    Service.ANALYTICS: services.analytics.__main__.DEFINITION,
}
METHODS: dict[str, MethodDescriptor] = {
    f"{described.name}/{method.name}": method
    for definition in DEFINITIONS.values()
    for described in definition.services()
    for method in described.methods
}

DECISIONS = (
    ("ConfirmSweep", inventory.ConfirmSweepRequest, "halted"),
    ("AcceptScope", inventory.AcceptScopeRequest, "frozen"),
    ("AcceptTotal", inventory.AcceptTotalRequest, "incomplete"),
)
"""An operator's decision about a sweep, by its outcome."""

SWEPT = """
INSERT INTO cloud_sweeps (provider, kind, key, outcome, seen_count, started_at, finished_at)
VALUES ('digitalocean', 'kind of ' || %(outcome)s, %(outcome)s, %(outcome)s, 1, now(), now())
RETURNING id
"""

FEBRUARY = Period.month(2026, 2)

MAX_TRIES = 40
"""More attempts than any write has commits."""


@dataclass
class Walk:
    """Calls writes in sequence, with or without losses, and records their effects."""

    planting: Planting
    commits: LostCommits
    admin_url: str
    loses: bool
    effects: list[tuple[str, Counter[str]]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    async def __call__(self, name: str, request: Message, token: Token | None = None) -> Any:
        """The response to a write, retried with the same key."""
        before = self._rows()
        key = ("idempotency-key", uuid.uuid4().hex)
        answer = await self._answer(name, request, (*(token or self.planting.operator), key))
        self.effects.append((name, self._rows() - before))
        return answer

    async def _answer(self, name: str, request: Message, metadata: Token) -> Any:
        method = METHODS[name]
        read = message_factory.GetMessageClass(method.output_type).FromString
        call = cast(
            "Any",
            self.planting.channel.unary_unary(method_path(method), response_deserializer=read),
        )
        for attempt in range(MAX_TRIES):
            if self.loses:
                self.commits.lose_after(attempt)
            try:
                answer = await call(request.SerializeToString(), metadata=metadata, timeout=20)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self.lost[name] += 1
            else:
                self.commits.lose_none()
                return answer
        raise AssertionError(f"{name} is never answered")

    def _rows(self) -> Counter[str]:
        """The number of rows of each table, without keys and the audit log."""
        with psycopg.connect(self.admin_url) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'p') AND NOT relispartition"
                " AND relname NOT IN ('idempotency_keys', 'audit_entries', 'audit_links')"
            ).fetchall()
            counted = {
                str(name): connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
                ).fetchone()
                for (name,) in tables
            }
        return Counter({name: row[0] for name, row in counted.items() if row is not None})


@asynccontextmanager
async def walking(
    postgres: PostgresServer, service: Service, *, loses: bool
) -> AsyncIterator[Walk]:
    """A service on a fresh database, behind a proxy that can lose responses to COMMIT."""
    name = postgres.create(service)
    async with losing_commits(postgres.port) as commits:
        settings = postgres.settings({service: name})
        behind = settings.database_url(service).replace(f":{postgres.port}/", f":{commits.port}/")
        settings = settings.model_copy(update={f"{service}_database_url": behind})
        database = Database(behind, application_name=service)
        running = await start(DEFINITIONS[service], settings, database, address="127.0.0.1:0")
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.port}")
        try:
            yield Walk(Planting(database, channel, settings), commits, postgres.url(name), loses)
        finally:
            await channel.close()
            await running.server.stop(None)
            await database.close()
    postgres.drop(name)


async def walk_catalog(walk: Walk) -> None:
    """Every write of the catalog."""
    tenant = walk.planting.member("acme")
    item: dict[str, Any] = {
        "resource_kind": "droplet_hours",
        "included_qty": "100",
        "overage_unit": "hour",
        "overage_price_cents": "1",
    }
    seeded = (Path(services.catalog.__file__ or "").parent / "plans" / "seed.yaml").read_text()
    await walk("CatalogService/ApplyCatalog", catalog.ApplyCatalogRequest(document=seeded))
    await walk("CatalogService/CreatePlan", catalog.CreatePlanRequest(code="one", name="One"))
    await walk("CatalogService/UpdatePlan", catalog.UpdatePlanRequest(code="one", name="First"))
    version: dict[str, Any] = {"plan_code": "one", "price_cents": 900, "currency": "AUD"}
    await walk(
        "CatalogService/CreatePlanVersion",
        catalog.CreatePlanVersionRequest(**version, items=[item]),
    )
    await walk(
        "CatalogService/UpdatePlanVersion", catalog.UpdatePlanVersionRequest(**version, version=1)
    )
    await walk(
        "CatalogService/PublishPlanVersion",
        catalog.PublishPlanVersionRequest(plan_code="one", version=1),
    )
    addon: dict[str, Any] = {
        "resource_kind": "llm_tokens",
        "qty": "5",
        "price_cents": 10,
        "currency": "AUD",
    }
    await walk("CatalogService/CreateAddon", catalog.CreateAddonRequest(code="extra", **addon))
    await walk(
        "CatalogService/UpdateAddon", catalog.UpdateAddonRequest(code="extra", price_cents=20)
    )
    price: dict[str, Any] = {"unit": "hour", "unit_price_cents": "2.5", "currency": "AUD"}
    await walk(
        "CatalogService/CreateResourcePrice",
        catalog.CreateResourcePriceRequest(
            resource_kind="droplet_hours", effective_from="2190-01-01", **price
        ),
    )
    await walk(
        "MeterService/CreateMeter",
        meters.CreateMeterRequest(
            code="api_calls", name="API calls", units=[meters_pb2.MeterUnit(unit="call", factor=1)]
        ),
    )
    await walk(
        "MeterService/UpdateMeter", meters.UpdateMeterRequest(code="api_calls", name="Calls")
    )
    await walk(
        "MeterService/SetMeterCost",
        meters.SetMeterCostRequest(
            meter_code="api_calls",
            unit_cost_cents="0.2",
            currency="USD",
            effective_from="2026-04-01",
        ),
    )
    await walk("MeterService/RetireMeter", meters.RetireMeterRequest(code="api_calls"))
    await walk(
        "RebillingService/CreateRebillingRule",
        rebilling.CreateRebillingRuleRequest(
            code="volumes",
            basis="list",
            match={"meter": Value(string_value="volume_gb_month")},
            percent="20",
            currency="AUD",
            effective_from="2190-01-01",
        ),
    )
    await walk(
        "RebillingService/EndRebillingRule",
        rebilling.EndRebillingRuleRequest(code="volumes", effective_to="2190-02-01"),
    )
    made = await walk(
        "DeploymentService/CreateDeployment",
        deployments.CreateDeploymentRequest(slug="web"),
        tenant,
    )
    web = made.deployment.id
    await walk(
        "DeploymentService/UpdateDeployment",
        deployments.UpdateDeploymentRequest(id=web, display_name="Web"),
        tenant,
    )
    await walk("QuoteService/CreateQuote", quotes.CreateQuoteRequest(plan_code="studio"), tenant)
    subscribed = await walk(
        "SubscriptionService/Subscribe",
        subscriptions.SubscribeRequest(id=web, plan_code="studio"),
        tenant,
    )
    of_it: dict[str, Any] = {"id": subscribed.subscription.id}
    attached = await walk(
        "SubscriptionService/AttachAddon",
        subscriptions.AttachAddonRequest(**of_it, code="llm_1m"),
        tenant,
    )
    await walk(
        "SubscriptionService/DetachAddon",
        subscriptions.DetachAddonRequest(
            **of_it, attached_addon_id=attached.subscription.addons[0].id
        ),
        tenant,
    )
    await walk(
        "SubscriptionService/ChangePlan",
        subscriptions.ChangePlanRequest(**of_it, plan_code="pro", effective_on="2190-01-01"),
    )
    await walk(
        "SubscriptionService/MoveChange",
        subscriptions.MoveChangeRequest(
            **of_it, change_id="plan-2190-01-01", effective_on="2189-01-01"
        ),
    )
    await walk(
        "SubscriptionService/TakeBackChange",
        subscriptions.TakeBackChangeRequest(**of_it, change_id="plan-2189-01-01"),
    )
    await walk(
        "SubscriptionService/PauseSubscription", subscriptions.PauseSubscriptionRequest(**of_it)
    )
    await walk(
        "SubscriptionService/ResumeSubscription", subscriptions.ResumeSubscriptionRequest(**of_it)
    )
    await walk(
        "SubscriptionService/CancelSubscription",
        subscriptions.CancelSubscriptionRequest(**of_it),
        tenant,
    )
    await walk(
        "DeploymentService/UpdateBillingActions",
        deployments.UpdateBillingActionsRequest(id=web, power_off_when_suspended=True),
    )
    await walk(
        "DeploymentService/TransitionDeployment",
        deployments.TransitionDeploymentRequest(id=web, to_state="cancelled"),
        tenant,
    )
    await walk(
        "DeploymentService/GrantTrials", deployments.GrantTrialsRequest(tenant_id="acme", trials=1)
    )
    trial = await walk(
        "DeploymentService/CreateDeployment",
        deployments.CreateDeploymentRequest(slug="tried", trial=True),
        tenant,
    )
    await walk(
        "DeploymentService/ExtendTrial",
        deployments.ExtendTrialRequest(id=trial.deployment.id, trial_ends_on="2189-01-01"),
    )
    key = await walk(
        "ApiKeyService/CreateApiKey",
        keys.CreateApiKeyRequest(name="robot", roles=["admin"]),
        tenant,
    )
    its: dict[str, Any] = {"id": key.api_key.id}
    await walk("ApiKeyService/RotateApiKey", keys.RotateApiKeyRequest(**its), tenant)
    await walk("ApiKeyService/RevokeApiKey", keys.RevokeApiKeyRequest(**its), tenant)
    await walk(
        "TokenRevocationService/RevokeTokens", tokens.RevokeTokensRequest(subject="gone"), tenant
    )
    await walk(
        "LimitService/SetTenantLimit",
        limits.SetTenantLimitRequest(tenant_id="acme", name="deployments", limit=7),
    )


async def walk_inventory(walk: Walk) -> None:
    """Every write of the inventory."""
    resource = (await planted_inventory.plant(walk.planting)).resource
    await walk(
        "InventoryService/AssignResource",
        inventory.AssignResourceRequest(id=resource, tenant_id="acme", reason="moved"),
    )
    with psycopg.connect(walk.admin_url) as connection:
        row = connection.execute("SELECT id FROM cloud_projects LIMIT 1").fetchone()
    assert row is not None
    await walk(
        "InventoryService/ClassifyProject",
        inventory.ClassifyProjectRequest(id=str(row[0]), classification="internal"),
    )
    await walk(
        "DriftService/RecordSpec", drift.RecordSpecRequest(resource_id=resource, from_live=True)
    )
    rule = await walk(
        "DriftService/CreateIgnoreRule",
        drift.CreateIgnoreRuleRequest(kind="droplet", field="tags", reason="theirs"),
    )
    await walk(
        "DriftService/DeleteIgnoreRule", drift.DeleteIgnoreRuleRequest(id=rule.ignore_rule.id)
    )

    for name, request_of, outcome in DECISIONS:
        with psycopg.connect(walk.admin_url) as connection:
            row = connection.execute(SWEPT, {"outcome": outcome}).fetchone()
        assert row is not None
        await walk(f"InventoryService/{name}", request_of(id=str(row[0])))


async def walk_analytics(walk: Walk) -> None:
    """Every write of the analytics."""
    await walk(
        "ExchangeRateService/CreateExchangeRate",
        rates.CreateExchangeRateRequest(
            from_currency="USD", to_currency="AUD", rate="1.5", effective_from="2026-01-01"
        ),
    )
    await walk(
        "BillingProfileService/SaveBillingProfile",
        profiles.SaveBillingProfileRequest(
            tenant_id="acme", recipient=invoices_pb2.Party(name="Acme"), tax_region="AU"
        ),
    )
    await walk(
        "BillingProfileService/CreateTaxRule",
        profiles.CreateTaxRuleRequest(
            tax_region="NZ", label="GST", rate_percent="15", effective_from="2026-01-01"
        ),
    )
    policy = await walk(
        "SpendService/CreateSpendPolicy",
        spend.CreateSpendPolicyRequest(
            tenant_id="acme", cap_cents=1_000, currency="AUD", action="notify"
        ),
    )
    its: dict[str, Any] = {"id": policy.spend_policy.id}
    await walk(
        "SpendService/UpdateSpendPolicy", spend.UpdateSpendPolicyRequest(**its, cap_cents=2_000)
    )
    await walk("SpendService/DeleteSpendPolicy", spend.DeleteSpendPolicyRequest(**its))
    owed: dict[str, Any] = {"tenant_id": "acme", "currency": "AUD", "reason": "agreed"}
    line = await walk(
        "OneOffService/AddOneOffLine",
        one_offs.AddOneOffLineRequest(**owed, description="Set-up", amount_cents=500),
    )
    await walk(
        "OneOffService/RemoveOneOffLine",
        one_offs.RemoveOneOffLineRequest(id=line.one_off_line.id),
    )
    drafted = await walk(
        "OneOffService/CreateOneOffInvoice",
        one_offs.CreateOneOffInvoiceRequest(
            **owed, lines=[{"description": "Work", "amount_cents": 700}]
        ),
    )
    await walk("InvoiceService/IssueInvoice", invoices.IssueInvoiceRequest(id=drafted.invoice.id))
    made = await issued_invoices(walk.planting.database, ("acme", "globex"), FEBRUARY)
    await walk(
        "InvoiceService/CreateCreditNote",
        invoices.CreateCreditNoteRequest(invoice_id=drafted.invoice.id, reason="goodwill"),
    )
    await walk("InvoiceService/PayInvoice", invoices.PayInvoiceRequest(id=str(made["acme"])))
    await walk(
        "InvoiceService/VoidInvoice",
        invoices.VoidInvoiceRequest(id=str(made["globex"]), reason="wrong"),
    )


WALKS: dict[Service, Callable[[Walk], Awaitable[None]]] = {
    Service.CATALOG: walk_catalog,
    Service.INVENTORY: walk_inventory,
    Service.ANALYTICS: walk_analytics,
}
