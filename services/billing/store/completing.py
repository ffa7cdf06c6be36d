"""The one moment at which an invoice's lines change: all of them, in one transaction."""

from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update

from services.billing.models import cloud_cost_lines, cloud_invoices, cloud_staged_lines
from services.billing.reconciling import PartialSum, Reconciliation, reconcile
from services.billing.store.headers import lock_invoice
from services.billing.store.ingests import close_ingest, lock_ingest
from services.billing.store.totals import refresh_totals
from services.common.database import WriteSession
from services.common.errors import Aborted, FailedPrecondition

__all__ = ["NOT_MATCHED_YET", "complete_ingest"]

NOT_MATCHED_YET: Final = "not matched yet"

# So that the join of a large invoice seldom leaves memory; and no time is spent on compiling
# what one statement does once.
_ROOM: Final = text("SELECT set_config('work_mem', '96MB', true), set_config('jit', 'off', true)")

_BILLED: Final = (
    "product, group_description, description, project_name, category,"
    " hours, start_at, end_at, amount_usd"
)

# Rows and items that say the same are paired in their order, one to one: the n-th with the
# n-th. The keys are hashes, so that the pairing sorts numbers, not texts: 128 bits, of
# which no invoice has two alike by chance.
_KEY: Final = "md5(ROW({said}, start_at, end_at, trim_scale(amount_usd))::text)::uuid AS key"
_EVERYTHING: Final = _KEY.format(
    said="product, group_description, description, project_name, category, trim_scale(hours)"
)
_WHAT_BOTH_ALWAYS_SAY: Final = _KEY.format(said="product, group_description, description")
_PAIRED: Final = """
WITH items AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY page, position) AS nth FROM (
        SELECT page, position, provider_resource_id, provider_resource_uuid, {key}
        FROM cloud_staged_items AS staged WHERE ingest_id = :ingest_id {items_left}
    ) AS keyed
), lines AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY row_number) AS nth FROM (
        SELECT row_number, {key}
        FROM cloud_staged_lines AS staged WHERE ingest_id = :ingest_id {lines_left}
    ) AS keyed
)
SELECT lines.row_number, page, position, provider_resource_id, provider_resource_uuid
FROM lines JOIN items USING (key, nth)
"""
_PAIR: Final = text(
    "CREATE TEMPORARY TABLE paired ON COMMIT DROP AS"
    + _PAIRED.format(key=_EVERYTHING, items_left="", lines_left="")
)
_PAIR_THE_REST: Final = text(
    "INSERT INTO paired"
    + _PAIRED.format(
        key=_WHAT_BOTH_ALWAYS_SAY,
        items_left=(
            "AND NOT EXISTS (SELECT FROM paired WHERE paired.page = staged.page"
            " AND paired.position = staged.position)"
        ),
        lines_left=(
            "AND NOT EXISTS (SELECT FROM paired WHERE paired.row_number = staged.row_number)"
        ),
    )
)

# A line's id is its ingest's (version 7: ascending with time) with the row number in the
# place of the last 48 bits: unique, in the bill's order, and without a sort.
_INSERT: Final = """
INSERT INTO cloud_cost_lines (
    id, period, provider_invoice_id, row_number, {billed},
    kind, classification, is_overage, resource_name,
    provider_resource_id, provider_resource_uuid, match_state, match_reason
)
SELECT
    (substr(CAST(:ingest_id AS text), 1, 24) || lpad(to_hex(row_number), 12, '0'))::uuid,
    :period, :invoice_id, row_number, {billed},
    kind, classification, is_overage, resource_name, {ids},
    CASE classification WHEN 'resource' THEN 'unmatched' ELSE 'not_applicable' END,
    CASE classification WHEN 'resource' THEN :reason ELSE '' END
FROM cloud_staged_lines {join} WHERE ingest_id = CAST(:ingest_id AS uuid)
"""
_WITHOUT_ITEMS: Final = text(_INSERT.format(billed=_BILLED, ids="'', ''", join=""))
_WITH_ITEMS: Final = text(
    _INSERT.format(
        billed=_BILLED,
        ids="coalesce(provider_resource_id, ''), coalesce(provider_resource_uuid, '')",
        join="LEFT JOIN paired USING (row_number)",
    )
)


async def complete_ingest(
    session: WriteSession, ingest_id: UUID, *, summary_usd: Decimal | None, period: date | None
) -> Row[Any]:
    """Replaces the lines of an invoice by the staged ones, reconciles them, answers the header.

    `period` is the month that the summary names, for a header that knows none; its
    partitions exist. A completed ingest answers the header as it is. Raises
    FailedPrecondition when nothing was staged or the month is unknown, and Aborted when
    staged rows were lost.
    """
    ingest = await lock_ingest(session, ingest_id)
    invoice = await lock_invoice(session, ingest.provider_invoice_id)
    if ingest.status == "completed":
        return invoice
    month = invoice.period or period
    _refuse_incomplete(ingest, month)
    await session.execute(_ROOM)
    await session.execute(
        delete(cloud_cost_lines).where(
            cloud_cost_lines.c.period == month,
            cloud_cost_lines.c.provider_invoice_id == invoice.id,
        )
    )
    sums = await _sums(session, ingest_id)
    result = reconcile(sums, summary_usd=summary_usd, history_usd=invoice.history_usd)
    if result.line_count != ingest.row_count:
        raise Aborted("staged rows were lost; begin anew", reason="STAGED_ROWS_LOST")
    await _insert(session, ingest, month)
    if month is not None:
        await refresh_totals(session, month, ingest.provider_invoice_id)
    await close_ingest(session, ingest_id, "completed")
    return await _keep(session, ingest, month, result)


def _refuse_incomplete(ingest: Row[Any], month: date | None) -> None:
    if ingest.status != "open":
        raise FailedPrecondition(f"the ingest failed: {ingest.reason}", reason="INGEST_CLOSED")
    if ingest.row_count is None:
        raise FailedPrecondition("nothing was uploaded", reason="NOTHING_STAGED")
    if month is None:
        raise FailedPrecondition(
            "neither the billing history nor the summary names the month", reason="PERIOD_UNKNOWN"
        )


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


async def _insert(session: WriteSession, ingest: Row[Any], month: date | None) -> None:
    place = {
        "ingest_id": str(ingest.id),
        "period": month,
        "invoice_id": ingest.provider_invoice_id,
        "reason": NOT_MATCHED_YET,
    }
    if ingest.item_count:
        paired = await session.execute(_PAIR, {"ingest_id": ingest.id})
        if paired.rowcount < min(ingest.item_count, ingest.row_count):
            await session.execute(_PAIR_THE_REST, {"ingest_id": ingest.id})
        await session.execute(_WITH_ITEMS, place)
    else:
        await session.execute(_WITHOUT_ITEMS, place)


async def _keep(
    session: WriteSession, ingest: Row[Any], month: date | None, result: Reconciliation
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
            **unknown,
        )
        .returning(cloud_invoices)
    )
    return kept.one()
