"""Renders balances, provider invoices, their lines and daily costs."""

from dataclasses import asdict
from decimal import localcontext
from typing import Final

from arcadia.billing.v1 import costs_pb2
from arcadia.common.v1 import runs_pb2

from services.billing.costs.store.cost_lines import CostLine
from services.billing.ingest.rules.matching import MatchCounts
from services.billing.ingest.rules.reconciling import (
    PARTS,
    PRECISION,
    Ingest,
    ProviderInvoice,
    compare_parts,
    parts_agree,
)
from services.billing.ingest.store.daily_costs import DailyCost
from services.billing.ingest.store.history import HistorySum, ListedEntry
from services.billing.ingest.store.totals import Total
from services.common.rpc.messages import message_of

__all__ = [
    "RUN_STATUSES",
    "daily_message",
    "entry_message",
    "history_message",
    "invoice_message",
    "line_message",
    "match_message",
    "total_message",
]


def line_message(line: CostLine) -> costs_pb2.CostLine:
    """A line of a bill."""
    return message_of(
        costs_pb2.CostLine,
        line,
        provider_resource_id=line.provider_resource_id or line.provider_resource_uuid,
        shares=[costs_pb2.CostShare(**share) for share in line.shares or ()],
    )


def daily_message(cost: DailyCost) -> costs_pb2.DailyCost:
    """A daily cost."""
    judged = cost.judged
    return message_of(
        costs_pb2.DailyCost, cost, kind=judged.kind, classification=judged.classification
    )


def total_message(total: Total) -> costs_pb2.CostTotal:
    """The sum and number of the lines of a group."""
    return message_of(costs_pb2.CostTotal, total, group=total.value)


RUN_STATUSES: Final = {"open": "running", "completed": "completed", "failed": "failed"}

_LINES: Final = {"charges": "lines"}
"""Column names that differ from the field names of a part."""


def invoice_message(invoice: ProviderInvoice) -> costs_pb2.ProviderInvoice:
    """An invoice, with its newest ingest if requested."""
    return message_of(
        costs_pb2.ProviderInvoice,
        invoice,
        amount_usd=invoice.history_usd,
        line_count=invoice.reconciliation.line_count if invoice.reconciliation else None,
        reconciliation=_reconciliation(invoice),
        matching=match_message(invoice.matching) if invoice.matched_at else None,
        waiver=_waiver(invoice),
        run=_run(invoice.run),
    )


def match_message(counts: MatchCounts | None) -> costs_pb2.MatchSummary:
    """Counts of matched lines."""
    return costs_pb2.MatchSummary(**asdict(counts or MatchCounts()))


def entry_message(found: ListedEntry) -> costs_pb2.BillingHistoryEntry:
    """An entry of the billing history."""
    return message_of(
        costs_pb2.BillingHistoryEntry, found.entry, id=found.id, is_listed=found.is_listed
    )


def history_message(found: HistorySum) -> costs_pb2.HistoryReconciliation:
    """The sums of the history and the comparison with the balance."""
    balance = found.balance_usd
    with localcontext(prec=PRECISION):
        residual = None if balance is None else balance - found.history_usd
    return message_of(
        costs_pb2.HistoryReconciliation,
        found,
        account_balance_usd=balance,
        residual_usd=residual,
    )


def _run(run: Ingest | None) -> runs_pb2.Run | None:
    if run is None:
        return None
    workflow_id, _, run_id = run.key.rpartition("/")
    return message_of(
        runs_pb2.Run,
        run,
        workflow_id=workflow_id,
        run_id=run_id,
        status=RUN_STATUSES[run.status],
        details="",
        url="",
    )


def _reconciliation(invoice: ProviderInvoice) -> costs_pb2.InvoiceReconciliation | None:
    result, said = invoice.reconciliation, invoice.summary
    if result is None:
        return None
    parts = compare_parts(
        {name: getattr(result, f"{_LINES.get(name, name)}_usd") for name in PARTS.values()},
        {name: getattr(said, f"{name}_usd", None) for name in PARTS.values()},
    )
    return message_of(
        costs_pb2.InvoiceReconciliation,
        result,
        history_usd=invoice.history_usd,
        parts=parts,
        parts_balanced=parts_agree(parts),
    )


def _waiver(invoice: ProviderInvoice) -> costs_pb2.InvoiceWaiver | None:
    if invoice.waived_at is None:
        return None
    return message_of(costs_pb2.InvoiceWaiver, invoice, reason=invoice.waive_reason)
