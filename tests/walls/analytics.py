"""A tenant's objects in analytics, and requests for another tenant's."""

from dataclasses import dataclass

from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles
from arcadia.analytics.v1 import invoice_service_pb2 as invoices
from arcadia.analytics.v1 import unbilled_usage_service_pb2 as unbilled
from arcadia.analytics.v1 import usage_service_pb2 as usage
from arcadia.analytics.v1.billing_profile_service_pb2_grpc import BillingProfileServiceStub
from arcadia.analytics.v1.usage_service_pb2_grpc import UsageServiceStub
from arcadia.common.v1 import audit_pb2 as audit
from sqlalchemy import text

from services.common.identity.callers import ALL
from services.common.settings import Service
from tests.walls.invoices import plant_invoices
from tests.walls.wall import INTRUDER, NOWHERE, VICTIM, Planting, Wall

__all__ = ["WALL"]

USAGE = """
WITH facts AS (
    INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind,
                             resource_id, inventory_kind, resource_name, fact_from, fact_to, qty)
    SELECT '2026-04-10', 1, '', tenant, 'of-' || tenant, 'droplet_hours', gen_random_uuid(),
           'droplet', 'web-' || tenant, '2026-04-10', '2026-04-11', 24
    FROM unnest(CAST(:tenants AS text[])) AS tenant
)
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
                         facts_hash, metered_at)
SELECT '2026-04-10', 1, tenant, 'of-' || tenant, 'droplet_hours', 24, 1, 'x', now()
FROM unnest(CAST(:tenants AS text[])) AS tenant
"""
VOIDS = """
WITH keys AS (
    INSERT INTO usage_event_keys (source, idempotency_key, content_digest, day)
    SELECT 's', tenant, 1, '2026-04-10' FROM unnest(CAST(:tenants AS text[])) AS tenant
)
INSERT INTO usage_voids (source, idempotency_key, day, tenant_id, deployment_id, resource_kind, qty,
                         occurred_at, received_at, reason, voided_by, voided_at)
SELECT 's', tenant, '2026-04-10', tenant, 'of-' || tenant, 'llm_tokens', 1, now(), now(), 'wrong',
       'op', now()
FROM unnest(CAST(:tenants AS text[])) AS tenant
"""
UNMEASURED = """
INSERT INTO unmeasured_spans (day, pass_id, page, resource_id, inventory_kind, resource_name,
                              tenant_id, deployment_id, resource_kind, span_from, span_to, reason,
                              is_current)
SELECT '2026-04-10', 1, '', gen_random_uuid(), 'spaces_bucket', 'files-' || tenant, tenant,
       'of-' || tenant, 'spaces_gb_month', '2026-04-10', '2026-04-11', 'refused', true
FROM unnest(CAST(:tenants AS text[])) AS tenant
"""
MONTH = "SELECT prepare_month(ARRAY['usage_facts', 'daily_usage', 'usage_events'], '2026-04-10')"


@dataclass(frozen=True)
class Ids:
    """Ids for the requests."""

    tenant: str
    usage: str
    invoice: str
    line: str
    note: str
    voided: str


async def plant(planting: Planting) -> Ids:
    """Creates a droplet's day and an invoice of each tenant."""
    async with planting.database.write(ALL) as session:
        await session.execute(text(MONTH))
        await session.execute(text(USAGE), {"tenants": [VICTIM, INTRUDER]})
        await session.execute(text(VOIDS), {"tenants": [VICTIM, INTRUDER]})
        await session.execute(text(UNMEASURED), {"tenants": [VICTIM, INTRUDER]})
    listed = await UsageServiceStub(planting.channel).ListDailyUsage(
        usage.ListDailyUsageRequest(tenant_id=VICTIM), metadata=planting.operator
    )
    ids = Ids(VICTIM, listed.daily_usage[0].id, *await plant_invoices(planting))
    for tenant in (VICTIM, INTRUDER):  # a write that is kept in the audit log
        profile = profiles.SaveBillingProfileRequest(tenant_id=tenant, tax_region="AU")
        profile.recipient.name = tenant
        await BillingProfileServiceStub(planting.channel).SaveBillingProfile(
            profile, metadata=planting.operator
        )
    return ids


WALL = Wall(
    Service.ANALYTICS,
    absent=Ids("nobody", NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE),
    plant=plant,
    asked={
        # The other services' logs have the same access rule, and are not served here.
        "AuditService/ListAuditEntries": lambda ids: audit.ListAuditEntriesRequest(
            service="analytics", tenant_id=ids.tenant
        ),
        "UsageService/ListDailyUsage": lambda ids: usage.ListDailyUsageRequest(
            tenant_id=ids.tenant
        ),
        "UsageService/ListUnmeteredResources": lambda ids: usage.ListUnmeteredResourcesRequest(
            tenant_id=ids.tenant
        ),
        "UnbilledUsageService/ListUnbilledUsage": lambda ids: unbilled.ListUnbilledUsageRequest(
            period="2026-04", tenant_id=ids.tenant
        ),
        "UsageService/ListUsageFacts": lambda ids: usage.ListUsageFactsRequest(usage_id=ids.usage),
        "UsageService/ListVoidedUsageEvents": lambda ids: usage.ListVoidedUsageEventsRequest(
            tenant_id=ids.tenant
        ),
        "BillingProfileService/GetBillingProfile": lambda ids: profiles.GetBillingProfileRequest(
            tenant_id=ids.tenant
        ),
        "InvoiceService/ListInvoices": lambda ids: invoices.ListInvoicesRequest(
            tenant_id=ids.tenant
        ),
        "InvoiceService/GetInvoice": lambda ids: invoices.GetInvoiceRequest(id=ids.invoice),
        "InvoiceService/ListInvoiceLines": lambda ids: invoices.ListInvoiceLinesRequest(
            invoice_id=ids.invoice
        ),
        "InvoiceService/TraceInvoiceLine": lambda ids: invoices.TraceInvoiceLineRequest(
            invoice_id=ids.invoice, line_id=ids.line
        ),
        "InvoiceService/DownloadInvoice": lambda ids: invoices.DownloadInvoiceRequest(
            id=ids.invoice, format="html"
        ),
        "InvoiceService/ListCreditNotes": lambda ids: invoices.ListCreditNotesRequest(
            tenant_id=ids.tenant
        ),
        "InvoiceService/GetCreditNote": lambda ids: invoices.GetCreditNoteRequest(id=ids.note),
        "InvoiceService/DownloadCreditNote": lambda ids: invoices.DownloadCreditNoteRequest(
            id=ids.note, format="html"
        ),
        "InvoiceService/DownloadVoidNotice": lambda ids: invoices.DownloadVoidNoticeRequest(
            id=ids.voided, format="html"
        ),
        "InvoiceService/VerifyInvoice": lambda ids: invoices.VerifyInvoiceRequest(id=ids.invoice),
    },
)
