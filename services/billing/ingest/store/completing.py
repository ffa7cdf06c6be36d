"""The one moment at which an invoice's lines change: all of them, in one transaction."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update

from services.billing.ingest.rules.reconciling import (
    PARTS,
    PartialSum,
    Reconciliation,
    SummaryParts,
    reconcile,
)
from services.billing.ingest.store.candidates import forget_candidates
from services.billing.ingest.store.headers import NOT_WAIVED, lock_invoice
from services.billing.ingest.store.ingests import close_ingest, lock_ingest
from services.billing.ingest.store.matching import record_counts
from services.billing.ingest.store.totals import refresh_totals
from services.billing.ingest.store.writing import write_lines
from services.billing.ingest.tables import cloud_cost_lines, cloud_invoices, cloud_staged_lines
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition

__all__ = ["complete_ingest"]

# So that the join of a large invoice seldom leaves memory; and no time is spent on compiling
# what one statement does once.
_ROOM: Final = text("SELECT set_config('work_mem', '96MB', true), set_config('jit', 'off', true)")


async def complete_ingest(
    session: WriteSession, ingest_id: UUID, *, summary: SummaryParts | None, period: date | None
) -> Row[Any]:
    """Replaces the lines of an invoice by the staged ones, reconciles them, answers the header.

    `period` is the month that the summary names, for a header that knows none; its
    partitions exist. A completed ingest answers the header as it is. Raises
    FailedPrecondition when nothing was staged, when staged rows were lost, and when the month
    is unknown: asking again mends none of them.
    """
    ingest = await lock_ingest(session, ingest_id)
    invoice = await lock_invoice(session, ingest.provider_invoice_id)
    if ingest.status == "completed":
        return invoice
    month = _month_of(ingest, invoice.period or period)
    await session.execute(_ROOM)
    await session.execute(
        delete(cloud_cost_lines).where(
            cloud_cost_lines.c.period == month,
            cloud_cost_lines.c.provider_invoice_id == invoice.id,
        )
    )
    sums = await _sums(session, ingest_id)
    result = reconcile(
        sums, summary_usd=summary.amount_usd if summary else None, history_usd=invoice.history_usd
    )
    if result.line_count != ingest.row_count:
        raise FailedPrecondition("staged rows were lost; begin anew", reason="STAGED_ROWS_LOST")
    is_matched = await write_lines(session, ingest, month)
    await refresh_totals(session, month, ingest.provider_invoice_id)
    await close_ingest(session, ingest_id, "completed")
    header = await _keep(session, ingest, month, result, summary)
    if not is_matched:
        return header
    await forget_candidates(session, ingest_id)
    await record_counts(session, month, ingest.provider_invoice_id)
    return await lock_invoice(session, ingest.provider_invoice_id)


def _month_of(ingest: Row[Any], month: date | None) -> date:
    if ingest.status != "open":
        raise FailedPrecondition(f"the ingest failed: {ingest.reason}", reason="INGEST_CLOSED")
    if ingest.row_count is None:
        raise FailedPrecondition("nothing was uploaded", reason="NOTHING_STAGED")
    if month is None:
        raise FailedPrecondition(
            "neither the billing history nor the summary names the month", reason="PERIOD_UNKNOWN"
        )
    return month


async def _sums(session: WriteSession, ingest_id: UUID) -> list[PartialSum]:
    staged = cloud_staged_lines.c
    rows = await session.execute(
        select(
            staged.classification,
            staged.is_overage,
            func.count().label("line_count"),
            func.sum(staged.amount_usd).label("amount_usd"),
        )
        .where(staged.ingest_id == ingest_id)
        .group_by(staged.classification, staged.is_overage)
    )
    return [PartialSum(**row) for row in rows.mappings()]


async def _keep(
    session: WriteSession,
    ingest: Row[Any],
    month: date,
    result: Reconciliation,
    summary: SummaryParts | None,
) -> Row[Any]:
    unknown: dict[str, None] = {
        f"{outcome}_count": None
        for outcome in (
            "provider_id",
            "name",
            "group_project",
            "ambiguous",
            "unmatched",
            "not_applicable",
        )
    }
    kept = await session.execute(
        update(cloud_invoices)
        .where(cloud_invoices.c.id == ingest.provider_invoice_id)
        .values(
            period=month,
            ingest_status="ingested",
            ingest_error="",
            ingest_id=ingest.id,
            ingested_at=func.now(),
            line_count=result.line_count,
            lines_usd=result.lines_usd,
            overages_usd=result.overages_usd,
            taxes_usd=result.taxes_usd,
            credits_usd=result.credits_usd,
            total_usd=result.total_usd,
            summary_usd=result.summary_usd,
            residual_usd=result.residual_usd,
            balanced=result.balanced,
            matched_at=None,
            **{
                f"summary_{part}_usd": summary and getattr(summary, f"{part}_usd")
                for part in PARTS.values()
            },
            **unknown,
            # What was read after all needs no waiver.
            **NOT_WAIVED,
        )
        .returning(cloud_invoices)
    )
    return kept.one()
