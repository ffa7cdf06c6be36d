"""An issued invoice of each tenant with a credit note and a billing profile, for the walls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles
from arcadia.analytics.v1 import invoice_service_pb2 as invoices
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1.billing_profile_service_pb2_grpc import BillingProfileServiceStub
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub

from contracts.invoicing import RollupInput
from services.analytics.invoicing.invoices.issue import Issue, issue
from services.analytics.invoicing.invoices.rules.lines import Line, Proof
from services.analytics.invoicing.invoices.rules.states import HandOverStatus, RollupStatus
from services.analytics.invoicing.profiles.rules.parties import Party, TaxRule
from services.analytics.invoicing.profiles.store import tax_rules_on
from services.analytics.invoicing.rollups.begin import begin_rollup
from services.analytics.invoicing.rollups.decide import move_rollup
from services.analytics.invoicing.rollups.rules.drafting import Draft, Part, assemble
from services.analytics.invoicing.rollups.store.drafts import insert_drafts
from services.common.db.database import Database
from services.common.identity.callers import ALL
from services.common.values.periods import Period
from tests.walls.wall import INTRUDER, VICTIM, Planting

__all__ = ["issued_invoices", "plant_invoices"]

MARCH = Period.month(2026, 3)
APRIL = Period.month(2026, 4)
NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)


async def plant_invoices(planting: Planting) -> tuple[str, str, str, str]:
    """The ids of the victim's invoice, of its line, of its credit note and of a void one."""
    profile = BillingProfileServiceStub(planting.channel)
    for tenant in (VICTIM, INTRUDER):
        await profile.SaveBillingProfile(
            profiles.SaveBillingProfileRequest(
                tenant_id=tenant, recipient=invoices_pb2.Party(name=tenant), tax_region="AU"
            ),
            metadata=planting.operator,
        )
    ids = await issued_invoices(planting.database, (VICTIM, INTRUDER))
    stub = InvoiceServiceStub(planting.channel)
    for tenant in (INTRUDER, VICTIM):
        note = await stub.CreateCreditNote(
            invoices.CreateCreditNoteRequest(invoice_id=str(ids[tenant]), reason=f"for {tenant}"),
            metadata=planting.operator,
        )
    void = await issued_invoices(planting.database, (VICTIM, INTRUDER), MARCH)
    for tenant in (INTRUDER, VICTIM):
        await stub.VoidInvoice(
            invoices.VoidInvoiceRequest(id=str(void[tenant]), reason=f"for {tenant}"),
            metadata=planting.operator,
        )
    return (
        str(ids[VICTIM]),
        note.credit_note.lines[0].id,
        note.credit_note.id,
        str(void[VICTIM]),
    )


async def issued_invoices(
    database: Database,
    tenants: Sequence[str],
    period: Period = APRIL,
    due_after: timedelta = timedelta(days=14),
) -> dict[str, UUID]:
    """An invoice of one line for each tenant, issued on the 1st of May; their ids."""
    async with database.write(ALL) as session:
        rules = await tax_rules_on(session, period.end - timedelta(days=1))
        start = RollupInput(period.start.isoformat(), started_by="test")
        key = f"invoice-rollup/{period.code}/{uuid4()}"
        rollup = await begin_rollup(session, start, key, NOW)
        drafts = [_draft(tenant, period, rules["AU"]) for tenant in tenants]
        ids = await insert_drafts(session, rollup.id, period.start, drafts, NOW)
        how = Issue(Party("Issuer"), NOW.date(), due_after, HandOverStatus.NOT_CONFIGURED, NOW)
        await issue(session, list(ids.values()), how)
        await move_rollup(session, rollup.id, RollupStatus.ISSUING, reason="", at=NOW)
        await move_rollup(session, rollup.id, RollupStatus.COMPLETED, reason="", at=NOW)
    return {tenant: invoice_id for (tenant, _), invoice_id in ids.items()}


def _draft(tenant: str, period: Period, rule: TaxRule) -> Draft:
    line = Line(
        "overage", "droplet_hours", f"hours of {tenant}", Decimal(100), "hour", Decimal(1), 100,
        {}, f"of-{tenant}", period.start, period.end,
    )  # fmt: skip  # a table
    proof = Proof(f"of-{tenant}", "", "{}", "", "", "")
    draft = assemble(tenant, period, [Part(f"of-{tenant}", "AUD", (line,), proof)], rule)
    # Without the made-up proof: there is no catalog here that could verify it.
    return replace(draft, proofs=draft.proofs[1:])
