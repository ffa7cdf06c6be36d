"""Runs the steps of `matching.py` for a page of lines, in one statement."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.billing.ingest.rules.matching import MatchCounts
from services.billing.ingest.store import match_sql
from services.common.db.database import WriteSession
from services.common.db.records import record_of
from services.common.values.periods import Period, month_of

__all__ = ["last_row", "match_daily_costs", "match_lines", "record_counts"]

_UPDATE: Final = """, changed AS (
    UPDATE {table} AS t SET ({columns}) = ROW ({found})
    FROM judged AS j
    WHERE {on_line} AND t.{partition} = j.partition AND t.id = j.id
      AND ROW ({old}) IS DISTINCT FROM ROW ({found})
)
SELECT count(*) FILTER (WHERE rung = 'provider_id') AS provider_id_count,
       count(*) FILTER (WHERE rung = 'name') AS name_count,
       count(*) FILTER (WHERE rung = 'group_project') AS group_project_count,
       count(*) FILTER (WHERE state = 'ambiguous') AS ambiguous_count,
       count(*) FILTER (WHERE state = 'unmatched') AS unmatched_count,
       (SELECT count(*) FROM {table} WHERE {where})
           - count(*) FILTER (WHERE state <> 'not_applicable') AS not_applicable_count
FROM judged
"""
_FOUND: Final = {
    "match_state": "j.state",
    "match_rung": "j.rung",
    "match_reason": "j.reason",
    "resource_id": "j.resource_id",
    "project_id": "j.project_id",
    "tenant_id": "j.tenant_id",
    "deployment_id": "j.deployment_id",
}
_FOUND_OF_LINES: Final = _FOUND | {
    "shares": "j.shares",
    "region": "j.region",
    "kind": match_sql.kind_of_line("t", "j.found_kind"),
}


def _updating(found: Mapping[str, str], **parts: str) -> TextClause:
    changing = _UPDATE.format(
        columns=", ".join(found),
        found=", ".join(found.values()),
        old=", ".join(f"t.{column}" for column in found),
        **parts,
    )
    return text(match_sql.matching_sql(id="id", **parts) + changing)


_LINES: Final = _updating(
    _FOUND_OF_LINES,
    table="cloud_cost_lines",
    partition="period",
    ids="ARRAY[provider_resource_id, provider_resource_uuid]",
    project="lower(project_name)",
    span_from="coalesce(start_at, CAST(:month_start AS timestamptz))",
    span_to="coalesce(end_at, CAST(:month_end AS timestamptz))",
    where=(
        "period = :period AND provider_invoice_id = :invoice_id"
        " AND row_number > :after AND row_number <= :until"
    ),
    on_line=(
        "t.period = :period AND t.provider_invoice_id = :invoice_id"
        " AND t.row_number > :after AND t.row_number <= :until"
    ),
)
_DAYS: Final = _updating(
    _FOUND,
    table="cloud_daily_costs",
    partition="day",
    ids="CAST(ARRAY[] AS text[])",
    project="''",
    span_from="(CAST(day AS timestamp) AT TIME ZONE 'UTC')",
    span_to="(CAST(day + 1 AS timestamp) AT TIME ZONE 'UTC')",
    where="day >= :start AND day < :end",
    on_line="t.day >= :start AND t.day < :end",
)


_RECORD: Final = text("""
UPDATE cloud_invoices SET matched_at = now(),
    provider_id_count = counted.provider_id, name_count = counted.name,
    group_project_count = counted.group_project, ambiguous_count = counted.ambiguous,
    unmatched_count = counted.unmatched, not_applicable_count = counted.not_applicable
FROM (
    SELECT count(*) FILTER (WHERE match_rung = 'provider_id') AS provider_id,
           count(*) FILTER (WHERE match_rung = 'name') AS name,
           count(*) FILTER (WHERE match_rung = 'group_project') AS group_project,
           count(*) FILTER (WHERE match_state = 'ambiguous') AS ambiguous,
           count(*) FILTER (WHERE match_state = 'unmatched') AS unmatched,
           count(*) FILTER (WHERE match_state = 'not_applicable') AS not_applicable
    FROM cloud_cost_lines WHERE period = :period AND provider_invoice_id = :invoice_id
) AS counted
WHERE cloud_invoices.id = :invoice_id
""")


_LAST_ROW: Final = text("""
SELECT coalesce(max(row_number), 0) FROM cloud_cost_lines
WHERE period = :period AND provider_invoice_id = :invoice_id
""")


async def match_lines(
    session: WriteSession, scope: UUID, period: date, invoice_id: UUID, *, after: int, until: int
) -> MatchCounts:
    """Matches a range of an invoice's lines with the candidates of a run."""
    month = month_of(period)
    place = {
        "period": period,
        "invoice_id": invoice_id,
        "after": after,
        "until": until,
        "month_start": month.start_at,
        "month_end": month.end_at,
    }
    return await _match(session, _LINES, scope, place)


async def match_daily_costs(session: WriteSession, scope: UUID, span: Period) -> MatchCounts:
    """Matches the daily costs of a span."""
    return await _match(session, _DAYS, scope, {"start": span.start, "end": span.end})


async def last_row(session: WriteSession, period: date, invoice_id: UUID) -> int:
    """The number of an invoice's last row; 0 if it has none."""
    place = {"period": period, "invoice_id": invoice_id}
    return int((await session.execute(_LAST_ROW, place)).scalar_one())


async def record_counts(session: WriteSession, period: date, invoice_id: UUID) -> None:
    """Stores the match counts of an invoice's lines."""
    await session.execute(_RECORD, {"period": period, "invoice_id": invoice_id})


async def _match(
    session: WriteSession, statement: TextClause, scope: UUID, place: dict[str, Any]
) -> MatchCounts:
    await match_sql.match_in_memory(session)
    values = {"scope": scope, **match_sql.matching_rules(), **place}
    return record_of(MatchCounts, (await session.execute(statement, values)).one())
