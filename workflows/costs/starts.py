"""What the work on bills is started with, and under which ids."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)

from contracts.providers import DIGITALOCEAN
from contracts.queues import TaskQueue
from contracts.search_attributes import PROVIDER
from workflows.costs.billing_history import (
    INGEST_TIMEOUT,
    BillingHistory,
    ingest_attributes,
    invoice_ingest_id,
)
from workflows.costs.daily_costs import DailyCosts
from workflows.costs.invoice_ingest import InvoiceIngest
from workflows.costs.payloads import (
    DailyCostsResult,
    HistoryInput,
    HistoryResult,
    InvoiceIngestInput,
    InvoiceIngestResult,
)

__all__ = [
    "BALANCE_SNAPSHOT_ID",
    "BILLING_HISTORY_ID",
    "DAILY_COSTS_ID",
    "HISTORY_TIMEOUT",
    "OF_THE_PROVIDER",
    "start_billing_history",
    "start_daily_costs",
    "start_invoice_ingest",
]

BALANCE_SNAPSHOT_ID: Final = f"balance-snapshot/{DIGITALOCEAN}"
BILLING_HISTORY_ID: Final = f"billing-history/{DIGITALOCEAN}"
DAILY_COSTS_ID: Final = f"daily-costs/{DIGITALOCEAN}"

OF_THE_PROVIDER: Final = TypedSearchAttributes([SearchAttributePair(PROVIDER, DIGITALOCEAN)])
"""By what the work on its bills is found."""

HISTORY_TIMEOUT: Final = timedelta(hours=22)
"""The last resort: the next day's walk must find the way free."""


async def start_billing_history(client: Client) -> WorkflowHandle[BillingHistory, HistoryResult]:
    """Starts a walk now, or attaches to the one that was started by hand and runs."""
    return await client.start_workflow(
        BillingHistory.run,
        HistoryInput(DIGITALOCEAN),
        id=f"{BILLING_HISTORY_ID}/manual",
        task_queue=TaskQueue.CLOUD_BILLING,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=HISTORY_TIMEOUT,
        search_attributes=OF_THE_PROVIDER,
        static_summary="walk the billing history and ingest what is due",
    )


async def start_invoice_ingest(
    client: Client, invoice: InvoiceIngestInput
) -> WorkflowHandle[InvoiceIngest, InvoiceIngestResult]:
    """Starts the ingest of an invoice, again or for the first time, or attaches to its run."""
    return await client.start_workflow(
        InvoiceIngest.run,
        invoice,
        id=invoice_ingest_id(invoice.invoice_uuid),
        task_queue=TaskQueue.CLOUD_BILLING,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=INGEST_TIMEOUT,
        search_attributes=ingest_attributes(invoice),
        static_summary=f"ingest the invoice of {invoice.period or 'an unknown month'}",
    )


async def start_daily_costs(client: Client) -> WorkflowHandle[DailyCosts, DailyCostsResult]:
    """Reads the estimates now, or attaches to the run that does."""
    return await client.start_workflow(
        DailyCosts.run,
        HistoryInput(DIGITALOCEAN),
        id=f"{DAILY_COSTS_ID}/manual",
        task_queue=TaskQueue.CLOUD_BILLING,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=OF_THE_PROVIDER,
        static_summary="read the provider's daily estimates",
    )
