"""Climbs the ladder of `matching.py` for a page of lines, in one statement."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.billing.classification import PRODUCTS
from services.billing.matching import (
    ALSO_NAMES,
    GROUP_KINDS,
    KNOWN_BY_ID,
    UNSEEN_END,
    MatchCounts,
)
from services.common.database import WriteSession

__all__ = ["last_row", "match_daily_costs", "match_lines", "record_counts"]

# Fresh lines have no statistics yet, and what a WITH holds never has: a planner that takes
# 50,000 lines for one compares each with each. Hashing costs little also when they are few.
_ROOM: Final = text("""
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('enable_nestloop', 'off', true)
""")

_OVERLAPS: Final = "{one}_from < l.span_to AND ({one}_to IS NULL OR {one}_to > l.span_from)"
_LADDER: Final = """
WITH kinds AS (
    SELECT * FROM unnest(CAST(:billed AS text[]), CAST(:named AS text[])) AS kinds (billed, named)
), lines AS MATERIALIZED (
    SELECT id, {partition}, kind, resource_name, {ids} AS ids,
           CASE WHEN kind = ANY (:group_kinds) THEN lower(group_description) ELSE '' END AS grouped,
           {project} AS project, {span_from} AS span_from,
           greatest({span_to}, {span_from} + interval '1 microsecond') AS span_to
    FROM {table} WHERE {where} AND classification = 'resource'
), by_id AS MATERIALIZED (
    SELECT l.id, array_agg(DISTINCT c.resource_id) AS found
    FROM lines AS l
    CROSS JOIN LATERAL unnest(l.ids) AS given (id)
    JOIN kinds AS k ON k.billed = l.kind
    JOIN cloud_match_candidates AS c
      ON c.scope_id = :scope AND c.provider_id = given.id AND c.kind = k.named
    WHERE given.id <> '' AND c.lived_from < l.span_to
      AND (c.lived_to IS NULL OR c.lived_to + :unseen_end > l.span_from)
    GROUP BY l.id
), by_name AS MATERIALIZED (
    SELECT l.id, array_agg(DISTINCT c.resource_id) AS found
    FROM lines AS l
    JOIN kinds AS k ON k.billed = l.kind
    JOIN cloud_match_names AS n
      ON n.scope_id = :scope AND n.name_key = l.resource_name AND n.kind = k.named
    JOIN cloud_match_candidates AS c ON c.scope_id = :scope AND c.resource_id = n.resource_id
    WHERE l.resource_name <> '' AND {name_holds} AND {life_holds}
      AND NOT (l.kind = ANY (:known_by_id) AND array_to_string(l.ids, '') <> '')
      AND NOT EXISTS (SELECT FROM by_id WHERE by_id.id = l.id)
    GROUP BY l.id
), by_group AS MATERIALIZED (
    SELECT l.id, array_agg(DISTINCT c.resource_id) AS found
    FROM lines AS l
    JOIN cloud_match_names AS n
      ON n.scope_id = :scope AND n.name_key = l.grouped AND n.kind = l.kind
    JOIN cloud_match_candidates AS c ON c.scope_id = :scope AND c.resource_id = n.resource_id
    WHERE l.grouped <> '' AND {name_holds} AND {life_holds}
      AND (l.project = '' OR c.project_name = '' OR lower(c.project_name) = l.project)
      AND NOT EXISTS (SELECT FROM by_id WHERE by_id.id = l.id)
      AND NOT EXISTS (SELECT FROM by_name WHERE by_name.id = l.id)
    GROUP BY l.id
), found AS (
    SELECT l.*, coalesce(i.found, n.found, g.found) AS found,
           CASE WHEN i.id IS NOT NULL THEN 'provider_id' WHEN n.id IS NOT NULL THEN 'name'
                WHEN g.id IS NOT NULL THEN 'group_project' ELSE '' END AS rung
    FROM lines AS l
    LEFT JOIN by_id AS i USING (id)
    LEFT JOIN by_name AS n USING (id)
    LEFT JOIN by_group AS g USING (id)
), judged AS MATERIALIZED (
    SELECT f.id, f.{partition},
           CASE WHEN cardinality(f.found) = 1 THEN 'matched'
                WHEN f.found IS NOT NULL THEN 'ambiguous' ELSE 'unmatched' END AS state,
           CASE WHEN cardinality(f.found) = 1 THEN f.rung ELSE '' END AS rung,
           CASE WHEN cardinality(f.found) = 1 THEN ''
                WHEN f.found IS NOT NULL THEN cardinality(f.found) || ' resources fit by ' || f.rung
                WHEN array_to_string(f.ids, '') <> '' THEN 'the inventory knows no such id'
                WHEN f.resource_name = '' THEN 'the line names no resource'
                ELSE 'no resource had this name then' END AS reason,
           c.resource_id, c.project_id, o.tenant_id, o.deployment_id
    FROM found AS f
    LEFT JOIN cloud_match_candidates AS c
      ON cardinality(f.found) = 1 AND c.scope_id = :scope AND c.resource_id = f.found[1]
    LEFT JOIN LATERAL (
        SELECT tenant_id, deployment_id FROM cloud_match_owners AS owners
        WHERE owners.scope_id = :scope AND owners.resource_id = c.resource_id
          AND owners.valid_from < f.span_to
        ORDER BY owners.valid_from DESC LIMIT 1) AS o ON true
), changed AS (
    UPDATE {table} AS t SET
        match_state = j.state, match_rung = j.rung, match_reason = j.reason,
        resource_id = j.resource_id, project_id = j.project_id, tenant_id = j.tenant_id,
        deployment_id = j.deployment_id
    FROM judged AS j
    WHERE {on_line} AND t.{partition} = j.{partition} AND t.id = j.id AND
        (t.match_state, t.match_rung, t.match_reason, t.resource_id, t.project_id, t.tenant_id,
         t.deployment_id) IS DISTINCT FROM
        (j.state, j.rung, j.reason, j.resource_id, j.project_id, j.tenant_id, j.deployment_id)
)
SELECT count(*) FILTER (WHERE rung = 'provider_id') AS provider_id_count,
       count(*) FILTER (WHERE rung = 'name') AS name_count,
       count(*) FILTER (WHERE rung = 'group_project') AS group_project_count,
       count(*) FILTER (WHERE state = 'ambiguous') AS ambiguous_count,
       count(*) FILTER (WHERE state = 'unmatched') AS unmatched_count,
       (SELECT count(*) FROM {table} WHERE {where} AND classification <> 'resource')
           AS not_applicable_count
FROM judged
"""


def _ladder(**parts: str) -> TextClause:
    return text(
        _LADDER.format(
            name_holds=_OVERLAPS.format(one="n.valid"),
            life_holds=_OVERLAPS.format(one="c.lived"),
            **parts,
        )
    )


_LINES: Final = _ladder(
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
_DAYS: Final = _ladder(
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


async def match_lines(session: WriteSession, scope: UUID, place: dict[str, Any]) -> MatchCounts:
    """Matches a page of an invoice's lines with the candidates of a run.

    `place` says the period with its instants, the invoice, and the rows: after one, until one.
    """
    return await _climb(session, _LINES, scope, place)


async def match_daily_costs(
    session: WriteSession, scope: UUID, place: dict[str, Any]
) -> MatchCounts:
    """Matches the daily costs of the days from `start` until, and without, `end`."""
    return await _climb(session, _DAYS, scope, place)


async def last_row(session: WriteSession, period: date, invoice_id: UUID) -> int:
    """The number of an invoice's last row; 0 when it has none."""
    place = {"period": period, "invoice_id": invoice_id}
    return int((await session.execute(_LAST_ROW, place)).scalar_one())


async def record_counts(session: WriteSession, period: date, invoice_id: UUID) -> None:
    """Keeps how all lines of an invoice were matched."""
    await session.execute(_RECORD, {"period": period, "invoice_id": invoice_id})


async def _climb(
    session: WriteSession, ladder: TextClause, scope: UUID, place: dict[str, Any]
) -> MatchCounts:
    await session.execute(_ROOM)
    kinds = [(kind, kind) for kind in sorted({product.kind for product in PRODUCTS.values()})]
    kinds += [(kind, other) for kind, others in ALSO_NAMES.items() for other in others]
    values = {
        "scope": scope,
        "billed": [billed for billed, _ in kinds],
        "named": [named for _, named in kinds],
        "known_by_id": sorted(KNOWN_BY_ID),
        "group_kinds": sorted(GROUP_KINDS),
        "unseen_end": UNSEEN_END,
        **place,
    }
    row = (await session.execute(ladder, values)).one()
    return MatchCounts(**row._mapping)  # noqa: SLF001  # how SQLAlchemy names its own
