"""From rows to protos: balances, and the provider's invoices."""

from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Final

from arcadia.billing.v1 import balances_pb2, costs_pb2
from arcadia.common.v1 import runs_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

from services.billing.ingest.rules.reconciling import PARTS, PRECISION, compare_parts, parts_agree
from services.billing.ingest.store.history import HistorySum
from services.common.values.money import plain

__all__ = [
    "RUN_STATUSES",
    "balance_message",
    "entry_message",
    "history_message",
    "invoice_message",
    "message_with_run",
    "timestamp",
]

RUN_STATUSES: Final = {"open": "running", "completed": "completed", "failed": "failed"}

_LINES: Final = {"charges": "lines"}
"""The column of a part's lines, where it has another name."""

COUNTS: Final = (
    "provider_id_count",
    "name_count",
    "group_project_count",
    "ambiguous_count",
    "unmatched_count",
    "not_applicable_count",
)


def timestamp(instant: datetime | None) -> Timestamp | None:
    """The proto of an instant; None stays unset."""
    if instant is None:
        return None
    return Timestamp(seconds=int(instant.timestamp()), nanos=instant.microsecond * 1000)


def balance_message(row: Row[Any]) -> balances_pb2.BalanceSnapshot:
    """The snapshot of a row of `cloud_balance_snapshots`."""
    return balances_pb2.BalanceSnapshot(
        id=row.id,
        month_to_date_balance=plain(row.month_to_date_balance),
        account_balance=plain(row.account_balance),
        month_to_date_usage=plain(row.month_to_date_usage),
        generated_at=timestamp(row.generated_at),
        taken_at=timestamp(row.taken_at),
    )


def invoice_message(row: Row[Any]) -> costs_pb2.ProviderInvoice:
    """The invoice of a row of `cloud_invoices`; without its run."""
    return costs_pb2.ProviderInvoice(
        id=str(row.id),
        invoice_uuid=row.invoice_uuid,
        invoice_number=row.invoice_number,
        period=row.period.isoformat() if row.period else "",
        amount_usd=plain(row.history_usd),
        issued_at=timestamp(row.issued_at),
        ingest_status=row.ingest_status,
        ingest_error=row.ingest_error,
        line_count=row.line_count,
        ingested_at=timestamp(row.ingested_at),
        reconciliation=_reconciliation(row),
        matching=_matching(row),
        waiver=_waiver(row),
    )


def entry_message(row: Row[Any]) -> costs_pb2.BillingHistoryEntry:
    """The entry of a row of `cloud_history_entries`."""
    return costs_pb2.BillingHistoryEntry(
        id=str(row.id),
        type=row.type,
        description=row.description,
        amount_usd=_usd(row.amount_usd),
        occurred_at=timestamp(row.occurred_at),
        invoice_number=row.invoice_number,
        invoice_uuid=row.invoice_uuid,
        unreadable=row.unreadable,
        is_listed=row.is_listed,
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


def message_with_run(row: Row[Any]) -> costs_pb2.ProviderInvoice:
    """The invoice of a row that has its newest run beside it."""
    message = invoice_message(row)
    if row.run_key is not None:
        workflow_id, _, run_id = row.run_key.rpartition("/")
        message.run.CopyFrom(
            runs_pb2.Run(
                workflow_id=workflow_id,
                run_id=run_id,
                status=RUN_STATUSES[row.run_status],
                reason=row.run_reason,
                started_at=timestamp(row.run_started_at),
                finished_at=timestamp(row.run_finished_at),
            )
        )
    return message


def _reconciliation(row: Row[Any]) -> costs_pb2.InvoiceReconciliation | None:
    if row.total_usd is None:
        return None
    parts = compare_parts(
        {name: getattr(row, f"{_LINES.get(name, name)}_usd") for name in PARTS.values()},
        {name: getattr(row, f"summary_{name}_usd") for name in PARTS.values()},
    )
    return costs_pb2.InvoiceReconciliation(
        lines_usd=plain(row.lines_usd),
        overages_usd=plain(row.overages_usd),
        taxes_usd=plain(row.taxes_usd),
        credits_usd=plain(row.credits_usd),
        total_usd=plain(row.total_usd),
        summary_usd=_usd(row.summary_usd),
        history_usd=plain(row.history_usd),
        residual_usd=plain(row.residual_usd),
        balanced=row.balanced,
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


def _waiver(row: Row[Any]) -> costs_pb2.InvoiceWaiver | None:
    if row.waived_at is None:
        return None
    return costs_pb2.InvoiceWaiver(
        reason=row.waive_reason, waived_by=row.waived_by, waived_at=timestamp(row.waived_at)
    )


def _matching(row: Row[Any]) -> costs_pb2.MatchSummary | None:
    if row.matched_at is None:
        return None
    return costs_pb2.MatchSummary(**{name: getattr(row, name) or 0 for name in COUNTS})


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
