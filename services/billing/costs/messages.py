"""From the domain to protos: balances, the provider's invoices, their lines, daily costs."""

from dataclasses import asdict
from decimal import Decimal, localcontext
from typing import Final

from arcadia.billing.v1 import balances_pb2, costs_pb2
from arcadia.common.v1 import runs_pb2

from services.billing.balances.store import BalanceSnapshot
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
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = [
    "RUN_STATUSES",
    "balance_message",
    "daily_message",
    "entry_message",
    "history_message",
    "invoice_message",
    "line_message",
    "match_message",
]


def line_message(line: CostLine) -> costs_pb2.CostLine:
    """A line of a bill."""
    return costs_pb2.CostLine(
        id=str(line.id),
        provider_invoice_id=str(line.provider_invoice_id),
        row_number=line.row_number,
        period=line.period.isoformat(),
        product=line.product,
        group_description=line.group_description,
        description=line.description,
        project_name=line.project_name,
        category=line.category,
        hours=None if line.hours is None else plain(line.hours),
        start_at=timestamp(line.start_at),
        end_at=timestamp(line.end_at),
        amount_usd=plain(line.amount_usd),
        kind=line.kind,
        classification=line.classification,
        match_state=line.match_state,
        match_rung=line.match_rung,
        match_reason=line.match_reason,
        provider_resource_id=line.provider_resource_id or line.provider_resource_uuid,
        resource_id=str(line.resource_id) if line.resource_id else "",
        tenant_id=line.tenant_id or "",
        deployment_id=line.deployment_id or "",
        region=line.region,
        shares=[
            costs_pb2.CostShare(
                tenant_id=share["tenant_id"] or "",
                deployment_id=share["deployment_id"] or "",
                seconds=share["seconds"],
                amount_usd=share["amount_usd"],
            )
            for share in line.shares or ()
        ],
    )


def daily_message(cost: DailyCost) -> costs_pb2.DailyCost:
    """A daily cost."""
    return costs_pb2.DailyCost(
        day=cost.day.isoformat(),
        region=cost.region,
        sku=cost.sku,
        description=cost.description,
        group_description=cost.group_description,
        amount_usd=plain(cost.amount_usd),
        kind=cost.judged.kind,
        classification=cost.judged.classification,
        match_state=cost.match_state,
        match_rung=cost.match_rung,
        resource_id=str(cost.resource_id) if cost.resource_id else "",
        tenant_id=cost.tenant_id or "",
        deployment_id=cost.deployment_id or "",
    )


RUN_STATUSES: Final = {"open": "running", "completed": "completed", "failed": "failed"}

_LINES: Final = {"charges": "lines"}
"""The column of a part's lines, where it has another name."""


def balance_message(snapshot: BalanceSnapshot) -> balances_pb2.BalanceSnapshot:
    """What the account owed at a moment."""
    return balances_pb2.BalanceSnapshot(
        id=snapshot.id,
        month_to_date_balance=plain(snapshot.month_to_date_balance),
        account_balance=plain(snapshot.account_balance),
        month_to_date_usage=plain(snapshot.month_to_date_usage),
        generated_at=timestamp(snapshot.generated_at),
        taken_at=timestamp(snapshot.taken_at),
    )


def invoice_message(invoice: ProviderInvoice) -> costs_pb2.ProviderInvoice:
    """An invoice, with its newest run where it was asked for."""
    return costs_pb2.ProviderInvoice(
        id=str(invoice.id),
        invoice_uuid=invoice.invoice_uuid,
        invoice_number=invoice.invoice_number,
        period=invoice.period.isoformat() if invoice.period else "",
        amount_usd=plain(invoice.history_usd),
        issued_at=timestamp(invoice.issued_at),
        ingest_status=invoice.ingest_status,
        ingest_error=invoice.ingest_error,
        line_count=invoice.reconciliation.line_count if invoice.reconciliation else None,
        ingested_at=timestamp(invoice.ingested_at),
        reconciliation=_reconciliation(invoice),
        matching=match_message(invoice.matching) if invoice.matched_at else None,
        waiver=_waiver(invoice),
        run=_run(invoice.run),
    )


def match_message(counts: MatchCounts | None) -> costs_pb2.MatchSummary:
    """How lines were matched."""
    return costs_pb2.MatchSummary(**asdict(counts or MatchCounts()))


def entry_message(found: ListedEntry) -> costs_pb2.BillingHistoryEntry:
    """An entry of the billing history."""
    entry = found.entry
    return costs_pb2.BillingHistoryEntry(
        id=str(found.id),
        type=entry.type,
        description=entry.description,
        amount_usd=_usd(entry.amount_usd),
        occurred_at=timestamp(entry.occurred_at),
        invoice_number=entry.invoice_number,
        invoice_uuid=entry.invoice_uuid,
        unreadable=entry.unreadable,
        is_listed=found.is_listed,
    )


def history_message(found: HistorySum) -> costs_pb2.HistoryReconciliation:
    """What the history comes to, held against the balance."""
    balance = found.balance_usd
    with localcontext(prec=PRECISION):
        residual = None if balance is None else balance - found.history_usd
    return costs_pb2.HistoryReconciliation(
        history_usd=plain(found.history_usd),
        account_balance_usd=_usd(balance),
        residual_usd=_usd(residual),
        walked_at=timestamp(found.walked_at),
        balance_at=timestamp(found.balance_at),
        totals=[
            costs_pb2.HistoryTotal(
                type=total.type,
                amount_usd=plain(total.amount_usd),
                entry_count=total.entry_count,
            )
            for total in found.totals
        ],
        unreadable_count=found.unreadable_count,
    )


def _run(run: Ingest | None) -> runs_pb2.Run | None:
    if run is None:
        return None
    workflow_id, _, run_id = run.key.rpartition("/")
    return runs_pb2.Run(
        workflow_id=workflow_id,
        run_id=run_id,
        status=RUN_STATUSES[run.status],
        reason=run.reason,
        started_at=timestamp(run.started_at),
        finished_at=timestamp(run.finished_at),
    )


def _reconciliation(invoice: ProviderInvoice) -> costs_pb2.InvoiceReconciliation | None:
    result, said = invoice.reconciliation, invoice.summary
    if result is None:
        return None
    parts = compare_parts(
        {name: getattr(result, f"{_LINES.get(name, name)}_usd") for name in PARTS.values()},
        {name: getattr(said, f"{name}_usd", None) for name in PARTS.values()},
    )
    return costs_pb2.InvoiceReconciliation(
        lines_usd=plain(result.lines_usd),
        overages_usd=plain(result.overages_usd),
        taxes_usd=plain(result.taxes_usd),
        credits_usd=plain(result.credits_usd),
        total_usd=plain(result.total_usd),
        summary_usd=_usd(result.summary_usd),
        history_usd=plain(invoice.history_usd),
        residual_usd=plain(result.residual_usd),
        balanced=result.balanced,
        parts=[
            costs_pb2.PartReconciliation(
                part=part.part,
                lines_usd=plain(part.lines_usd),
                summary_usd=_usd(part.summary_usd),
                residual_usd=_usd(part.residual_usd),
            )
            for part in parts
        ],
        parts_balanced=parts_agree(parts),
    )


def _waiver(invoice: ProviderInvoice) -> costs_pb2.InvoiceWaiver | None:
    if invoice.waived_at is None:
        return None
    return costs_pb2.InvoiceWaiver(
        reason=invoice.waive_reason,
        waived_by=invoice.waived_by,
        waived_at=timestamp(invoice.waived_at),
    )


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
