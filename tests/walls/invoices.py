"""An issued invoice of each tenant with a credit note and a billing profile, for the walls."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles
from arcadia.analytics.v1 import invoice_service_pb2 as invoices
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1.billing_profile_service_pb2_grpc import BillingProfileServiceStub
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub

from services.analytics.invoicing.drafting import Draft, recomputed_tax_proof
from services.analytics.invoicing.lines import Line
from services.analytics.invoicing.parties import Party, TaxRule
from services.analytics.invoicing.states import HandOverStatus, RollupStatus
from services.analytics.invoicing.store.drafts import insert_drafts
from services.analytics.invoicing.store.issuing import Issue, issue
from services.analytics.invoicing.store.profiles import tax_rules_on
from services.analytics.invoicing.store.rollups import Opening, begin_rollup, move_rollup
from services.common.access import ALL
from services.common.periods import Period
from tests.walls.wall import INTRUDER, VICTIM, Planting

__all__ = ["plant_invoices"]

APRIL = Period.month(2026, 4)
NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)


async def plant_invoices(planting: Planting) -> tuple[str, str, str]:
    """The ids of the victim's invoice, of its line and of its credit note."""
    profile = BillingProfileServiceStub(planting.channel)
    for tenant in (VICTIM, INTRUDER):
        await profile.SaveBillingProfile(
            profiles.SaveBillingProfileRequest(
                tenant_id=tenant, recipient=invoices_pb2.Party(name=tenant), tax_region="AU"
            ),
            metadata=planting.operator,
        )
    async with planting.database.write(ALL) as session:
        rules = await tax_rules_on(session, date(2026, 4, 30))
        opening = Opening(APRIL, "invoice-rollup/2026-04/walls", False, False, "test")
        rollup = await begin_rollup(session, opening, NOW)
        drafts = [_draft(tenant, rules["AU"]) for tenant in (VICTIM, INTRUDER)]
        ids = await insert_drafts(session, rollup.id, APRIL.start, drafts, NOW)
        how = Issue(
            Party("Issuer"), NOW.date(), timedelta(days=14), HandOverStatus.NOT_CONFIGURED, NOW
        )
        await issue(session, list(ids.values()), how)
        await move_rollup(session, rollup.id, RollupStatus.ISSUING, reason="", at=NOW)
        await move_rollup(session, rollup.id, RollupStatus.COMPLETED, reason="", at=NOW)
    stub = InvoiceServiceStub(planting.channel)
    for tenant in (INTRUDER, VICTIM):
        note = await stub.CreateCreditNote(
            invoices.CreateCreditNoteRequest(invoice_id=str(ids[tenant]), reason=f"for {tenant}"),
            metadata=planting.operator,
        )
    return str(ids[VICTIM]), note.credit_note.lines[0].id, note.credit_note.id


def _draft(tenant: str, rule: TaxRule) -> Draft:
    line = Line(
        "overage", "droplet_hours", f"hours of {tenant}", Decimal(100), "hour", Decimal(1), 100,
        {}, f"of-{tenant}", APRIL,
    )  # fmt: skip
    proof, tax = recomputed_tax_proof(100, rule, APRIL)
    return Draft(tenant, APRIL, "AUD", (line,), (proof,), 100, tax, rule)
