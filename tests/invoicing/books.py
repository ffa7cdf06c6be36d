"""A served analytics service with a catalog, and its callers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import grpc
import psycopg
from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles_pb
from arcadia.analytics.v1 import invoice_service_pb2 as invoices_pb
from arcadia.analytics.v1 import invoices_pb2, rollups_pb2
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import one_off_service_pb2 as one_offs_pb
from arcadia.analytics.v1 import rollup_service_pb2 as rollups_pb
from arcadia.analytics.v1.billing_profile_service_pb2_grpc import BillingProfileServiceStub
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub
from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceStub
from arcadia.analytics.v1.one_off_service_pb2_grpc import OneOffServiceStub
from arcadia.analytics.v1.rollup_service_pb2_grpc import RollupServiceStub

from services.common.db.database import Database
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.settings import Settings
from tests.invoicing.catalog import FakeCatalog, Subscription

__all__ = ["APRIL", "JUNE", "MARCH", "MAY", "Books", "Content", "content_of"]

Token = Sequence[tuple[str, str]]

MARCH = "2026-03-01"
APRIL = "2026-04-01"
MAY = "2026-05-01"
JUNE = "2026-06-01"


@dataclass
class Books:
    """Those who draft, issue and read invoices, over gRPC."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    admin_url: str
    catalog: FakeCatalog
    steps: Any = field(init=False)
    invoices: Any = field(init=False)
    one_offs: Any = field(init=False)
    rollups: Any = field(init=False)
    profiles: Any = field(init=False)

    def __post_init__(self) -> None:
        self.steps = InvoicingServiceStub(self.channel)
        self.invoices = InvoiceServiceStub(self.channel)
        self.one_offs = OneOffServiceStub(self.channel)
        self.rollups = RollupServiceStub(self.channel)
        self.profiles = BillingProfileServiceStub(self.channel)
        self._worker = ServiceTokens(self.settings, "worker")
        self.operator = self._user("op", roles=["platform-admin"])

    @property
    def worker(self) -> Token:
        """The metadata of a worker, whose token ends within minutes: a new one in time."""
        return (("authorization", self._worker.authorization()),)

    def tenant(self, tenant_id: str) -> Token:
        """The metadata of a tenant's member."""
        return self._user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    def _user(self, subject: str, **claims: Any) -> Token:
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)

    # The steps of a roll-up, as the workflow takes them.

    async def begin(
        self,
        period: str = APRIL,
        *,
        key: str = "",
        force: bool = False,
        approval: bool = False,
        without_bill: bool = False,
    ) -> Any:
        request = steps_pb.BeginRollupRequest(
            period=period,
            key=key or f"invoice-rollup/{period[:7]}/{uuid4()}",
            force=force,
            approval_required=approval,
            started_by="test",
            without_bill=without_bill,
        )
        return (await self.steps.BeginRollup(request, metadata=self.worker)).rollup

    async def plan(self, rollup_id: str, tenants_per_page: int = 2) -> list[str]:
        cursors: list[str] = []
        token = ""
        while True:
            request = steps_pb.PlanRollupRequest(
                rollup_id=rollup_id,
                tenants_per_page=tenants_per_page,
                page_size=1,
                page_token=token,
            )
            answer = await self.steps.PlanRollup(request, metadata=self.worker)
            cursors += answer.tenant_cursors
            token = answer.next_page_token
            if not token:
                return cursors

    async def draft(self, rollup_id: str, cursor: str) -> Any:
        request = steps_pb.DraftInvoicesRequest(rollup_id=rollup_id, tenant_cursor=cursor)
        return await self.steps.DraftInvoices(request, metadata=self.worker)

    async def drafted(self, period: str = APRIL, **how: Any) -> Any:
        """A roll-up with every tenant drafted, checked."""
        rollup = await self.begin(period, **how)
        for cursor in await self.plan(rollup.id):
            await self.draft(rollup.id, cursor)
        return await self.checked(rollup.id)

    async def checked(self, rollup_id: str) -> Any:
        request = steps_pb.CheckRollupRequest(rollup_id=rollup_id)
        answer = await self.steps.CheckRollup(request, metadata=self.worker)
        assert list(answer.differences) == []
        return answer.rollup

    async def move(self, rollup_id: str, status: str, reason: str = "") -> Any:
        request = steps_pb.SetRollupStatusRequest(rollup_id=rollup_id, status=status, reason=reason)
        return (await self.steps.SetRollupStatus(request, metadata=self.worker)).rollup

    async def issue(self, rollup_id: str, limit: int = 0) -> Any:
        request = steps_pb.IssueInvoicesRequest(
            rollup_id=rollup_id, limit=limit, issued_on="2026-05-01"
        )
        return await self.steps.IssueInvoices(request, metadata=self.worker)

    async def rolled_up(self, period: str = APRIL, **how: Any) -> Any:
        """A roll-up to its end."""
        rollup = await self.drafted(period, **how)
        await self.move(rollup.id, "issuing")
        while (await self.issue(rollup.id, limit=3)).remaining_count:
            pass
        return await self.move(rollup.id, "completed")

    # What people ask.

    async def listed(self, token: Token | None = None, **wanted: Any) -> list[invoices_pb2.Invoice]:
        request = invoices_pb.ListInvoicesRequest(**{"page_size": 500, **wanted})
        answer = await self.invoices.ListInvoices(request, metadata=token or self.operator)
        return list(answer.invoices)

    async def invoice_of(self, tenant: str, period: str = APRIL) -> Any:
        """The one invoice of a tenant that is not void."""
        found = await self.listed(tenant_id=tenant, period=period)
        [invoice] = [one for one in found if one.status != "void"]
        return invoice

    async def get(self, invoice_id: str, token: Token | None = None) -> Any:
        request = invoices_pb.GetInvoiceRequest(id=invoice_id)
        return await self.invoices.GetInvoice(request, metadata=token or self.operator)

    async def lines_of(self, tenant: str, period: str = APRIL) -> list[invoices_pb2.InvoiceLine]:
        return list((await self.get((await self.invoice_of(tenant, period)).id)).lines)

    async def verify(self, invoice_id: str, **more: Any) -> Any:
        request = invoices_pb.VerifyInvoiceRequest(id=invoice_id, **more)
        return await self.invoices.VerifyInvoice(request, metadata=self.operator)

    async def verify_chain(self, after: str = "") -> Any:
        request = invoices_pb.VerifyInvoiceChainRequest(after_number=after)
        return await self.invoices.VerifyInvoiceChain(request, metadata=self.operator)

    async def void(self, invoice_id: str) -> Any:
        request = invoices_pb.VoidInvoiceRequest(id=invoice_id, reason="a test")
        return (await self.invoices.VoidInvoice(request, metadata=self.operator)).invoice

    async def pay(self, invoice_id: str, **more: Any) -> Any:
        request = invoices_pb.PayInvoiceRequest(id=invoice_id, **more)
        return (await self.invoices.PayInvoice(request, metadata=self.operator)).invoice

    async def credit(self, invoice_id: str, *lines: tuple[str, int], **more: Any) -> Any:
        request = invoices_pb.CreateCreditNoteRequest(
            invoice_id=invoice_id,
            reason="a test",
            lines=[
                invoices_pb.CreditedLine(line_id=one, amount_cents=cents) for one, cents in lines
            ],
            **more,
        )
        answer = await self.invoices.CreateCreditNote(request, metadata=self.operator)
        return answer.credit_note

    async def issue_by_hand(self, invoice_id: str, **more: Any) -> Any:
        request = invoices_pb.IssueInvoiceRequest(id=invoice_id, **more)
        return (await self.invoices.IssueInvoice(request, metadata=self.operator)).invoice

    async def add_line(self, tenant: str, amount_cents: int, **more: Any) -> Any:
        """A one-off line on the tenant's next invoice."""
        request = one_offs_pb.AddOneOffLineRequest(
            **{
                "tenant_id": tenant, "amount_cents": amount_cents, "currency": "AUD",
                "description": "Data recovery", "reason": "as agreed by phone", **more,
            }
        )  # fmt: skip  # a table
        answer = await self.one_offs.AddOneOffLine(request, metadata=self.operator)
        return answer.one_off_line

    async def added_lines(self, **wanted: Any) -> list[one_offs_pb.OneOffLine]:
        request = one_offs_pb.ListOneOffLinesRequest(**wanted)
        answer = await self.one_offs.ListOneOffLines(request, metadata=self.operator)
        return list(answer.one_off_lines)

    async def remove_line(self, line_id: str, **more: Any) -> Any:
        request = one_offs_pb.RemoveOneOffLineRequest(id=line_id, **more)
        answer = await self.one_offs.RemoveOneOffLine(request, metadata=self.operator)
        return answer.one_off_line

    async def bill_at_once(self, tenant: str, *lines: tuple[str, int, str], **more: Any) -> Any:
        """A one-off invoice of lines: what it is for, its cents, its deployment."""
        request = one_offs_pb.CreateOneOffInvoiceRequest(
            **{"tenant_id": tenant, "currency": "AUD", "reason": "as agreed by phone", **more},
            lines=[
                one_offs_pb.OneOffInvoiceLine(
                    description=description, amount_cents=cents, deployment_id=deployment
                )
                for description, cents, deployment in lines
            ],
        )
        answer = await self.one_offs.CreateOneOffInvoice(request, metadata=self.operator)
        return answer.invoice

    async def save_profile(self, tenant: str, **profile: Any) -> Any:
        party = invoices_pb2.Party(name=profile.pop("name", tenant), **profile.pop("party", {}))
        request = profiles_pb.SaveBillingProfileRequest(
            tenant_id=tenant, recipient=party, **{"tax_region": "AU", **profile}
        )
        answer = await self.profiles.SaveBillingProfile(request, metadata=self.operator)
        return answer.billing_profile

    async def failures(self, rollup_id: str) -> list[rollups_pb2.RollupFailure]:
        request = rollups_pb.ListRollupFailuresRequest(rollup_id=rollup_id)
        answer = await self.rollups.ListRollupFailures(request, metadata=self.operator)
        return list(answer.failures)

    # What was used, and what lies in the database.

    def used(
        self,
        subscription: Subscription,
        kind: str,
        qty: str,
        day: str = "2026-04-10",
        **dimensions: str,
    ) -> None:
        """A figure of usage, as metering leaves it."""
        self.execute("SELECT prepare_month(ARRAY['daily_usage'], %s::date)", day)
        self.execute(
            "INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty,"
            " fact_count, facts_hash, metered_at, dimensions)"
            " VALUES (%s, %s, %s, %s, %s, 1, %s, now(), %s)",
            day, subscription.tenant_id, subscription.deployment_id, kind, Decimal(qty),
            f"{day}{kind}", json.dumps(dimensions),
        )  # fmt: skip  # a table

    def used_late(
        self,
        subscription: Subscription,
        kind: str,
        qty: str,
        period: str = MARCH,
        day: str = "",
    ) -> None:
        """More (or less) usage of a month that was closed, as metering keeps it."""
        day = day or f"{period[:7]}-10"
        self.execute("SELECT prepare_month(ARRAY['daily_usage'], %s::date)", day)
        self.execute(
            "INSERT INTO daily_usage (day, tenant_id, deployment_id, resource_kind, qty,"
            " fact_count, facts_hash, metered_at) VALUES (%s, %s, %s, %s, 0, 1, '', now())"
            " ON CONFLICT DO NOTHING",
            day,
            subscription.tenant_id,
            subscription.deployment_id,
            kind,
        )
        self.execute(
            "UPDATE daily_usage SET qty = qty + %s, facts_hash = md5(facts_hash || %s)"
            " WHERE (day, tenant_id, deployment_id, resource_kind) = (%s, %s, %s, %s)",
            Decimal(qty), qty, day, subscription.tenant_id, subscription.deployment_id, kind,
        )  # fmt: skip  # a table
        self.changed(subscription, period)

    def changed(
        self, subscription: Subscription, period: str = MARCH, cause: str = "usage"
    ) -> None:
        """That something changed in a closed month."""
        self.execute(
            "INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)"
            " VALUES (%s, %s, %s, %s, now())",
            subscription.tenant_id,
            subscription.deployment_id,
            period,
            cause,
        )

    def close(self, period: str) -> None:
        """A month whose metering is closed."""
        self.execute("INSERT INTO metering_months (period, closed_at) VALUES (%s, now())", period)

    def open_changes(self) -> int:
        """How many changes no invoice took up yet."""
        [(count,)] = self.rows("SELECT count(*) FROM month_changes WHERE invoice_id IS NULL")
        return int(count)

    async def adjustments(self, tenant: str, *periods: str) -> list[tuple[str, str, int]]:
        """The month of the invoice, the quantity and the amount of each adjustment."""
        return [
            (period[:7], line.qty, line.amount_cents)
            for period in periods
            for line in await self.lines_of(tenant, period)
            if line.kind == "adjustment"
        ]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, as a superuser who sees all."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def subscribe_tenants(self, count: int) -> None:
        """So many tenants with a subscription each, and no other."""
        self.catalog.subscriptions = [
            Subscription(f"tenant-{number:03d}", "app") for number in range(count)
        ]

    def execute(self, statement: str, *parameters: Any) -> None:
        """Changes the database behind everybody's back."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statement.encode(), parameters)


Content = tuple[Any, ...]


def content_of(books: Books) -> list[Content]:
    """Every invoice that stands, with its lines and proofs, apart from ids and times."""
    return books.rows("""
        SELECT i.tenant_id, i.period::text, i.status, i.number, i.subtotal_cents, i.tax_cents,
               i.total_cents, i.currency, i.lines_hash, i.proofs_hash, i.chain_hash,
               (SELECT count(*) FROM tenant_invoice_lines l WHERE l.invoice_id = i.id),
               (SELECT count(*) FROM tenant_invoice_proofs p WHERE p.invoice_id = i.id)
        FROM tenant_invoices i WHERE i.status <> 'void' ORDER BY 1, 2
    """)
