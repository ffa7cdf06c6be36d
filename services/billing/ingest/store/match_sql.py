"""The SQL of the matching steps of `matching.py`, for lines in any table.

It ends with the CTE `judged`: the result of each line that may have a resource. The caller appends
the final statement.
"""

from typing import Any, Final

from sqlalchemy import text

from services.billing.ingest.rules.classification import PRODUCTS
from services.billing.ingest.rules.matching import (
    ALSO_NAMES,
    BY_ID_ONLY,
    GROUP_KINDS,
    KIND_OF_RESOURCE,
    KNOWN_BY_ID,
    LEAST_PLACES,
    NAMES_A_RESOURCE,
    UNSEEN_END,
)
from services.common.db.database import WriteSession

__all__ = [
    "WHOLE_NAME",
    "kind_of_line",
    "match_in_memory",
    "matching_rules",
    "matching_sql",
    "may_have_resource",
]

# New lines have no statistics yet, and CTEs never have. A planner that assumes one row would use
# nested loops or sorts for 50,000. Hashing is cheap even for few rows.
_IN_MEMORY: Final = text("""
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true)
""")

_BY_NAME_TOO: Final = "NOT (l.kind = ANY (:known_by_id) AND array_to_string(l.ids, '') <> '')"
_OVERLAPS: Final = "{one}_from < l.span_to AND ({one}_to IS NULL OR {one}_to > l.span_from)"
WHOLE_NAME: Final = "lower(btrim(description))"
"""The name of a resource that ends in brackets and whose line has no size."""

_MATCHING: Final = """
WITH kinds AS (
    SELECT * FROM unnest(CAST(:billed AS text[]), CAST(:named AS text[])) AS kinds (billed, named)
), lines AS MATERIALIZED (
    SELECT {id} AS id, {partition} AS partition, kind, classification, resource_name,
           {ids} AS ids, amount_usd AS amount,
           CASE WHEN {whole_name} <> resource_name AND classification = 'resource'
                THEN {whole_name} ELSE '' END AS whole_name,
           CASE WHEN kind = ANY (:group_kinds) AND classification = 'resource'
                THEN lower(btrim(group_description)) ELSE '' END AS grouped,
           {project} AS project, {span_from} AS span_from,
           greatest({span_to}, {span_from} + interval '1 microsecond') AS span_to
    FROM {table} WHERE {where} AND {may_have_resource}
), by_id AS MATERIALIZED (
    SELECT l.id, coalesce(
               array_agg(DISTINCT c.resource_id) FILTER (WHERE k.named IS NOT NULL),
               array_agg(DISTINCT c.resource_id)) AS found
    FROM (SELECT id, kind, span_from, span_to, unnest(ids) AS given_id
          FROM lines WHERE array_to_string(ids, '') <> '') AS l
    JOIN cloud_match_candidates AS c ON c.scope_id = :scope AND c.provider_id = l.given_id
    LEFT JOIN kinds AS k ON k.billed = l.kind AND k.named = c.kind
    WHERE l.given_id <> '' AND c.lived_from < l.span_to
      AND (c.lived_to IS NULL OR c.lived_to + :unseen_end > l.span_from)
    GROUP BY l.id
), named AS (
    SELECT l.id, l.span_from, l.span_to, n.resource_id
    FROM lines AS l
    JOIN kinds AS k ON k.billed = l.kind
    JOIN cloud_match_names AS n
      ON n.scope_id = :scope AND n.name_key = l.resource_name AND n.kind = k.named
    WHERE l.resource_name <> '' AND {name_holds} AND {by_name_too}
    UNION
    SELECT l.id, l.span_from, l.span_to, n.resource_id
    FROM lines AS l
    JOIN kinds AS k ON k.billed = l.kind
    JOIN cloud_match_names AS n
      ON n.scope_id = :scope AND n.name_key = l.whole_name AND n.kind = k.named
    WHERE l.whole_name <> '' AND n.name_key LIKE '%)' AND {name_holds} AND {by_name_too}
), by_name AS MATERIALIZED (
    SELECT l.id, array_agg(c.resource_id) AS found
    FROM named AS l
    JOIN cloud_match_candidates AS c ON c.scope_id = :scope AND c.resource_id = l.resource_id
    WHERE {life_holds} AND NOT EXISTS (SELECT FROM by_id WHERE by_id.id = l.id)
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
), found AS MATERIALIZED (
    SELECT l.*, coalesce(i.found, n.found, g.found) AS found,
           CASE WHEN i.id IS NOT NULL THEN 'provider_id' WHEN n.id IS NOT NULL THEN 'name'
                WHEN g.id IS NOT NULL THEN 'group_project' ELSE '' END AS rung
    FROM lines AS l
    LEFT JOIN by_id AS i USING (id)
    LEFT JOIN by_name AS n USING (id)
    LEFT JOIN by_group AS g USING (id)
), owners AS MATERIALIZED (
    SELECT resource_id, tenant_id, deployment_id, valid_from,
           lead(valid_from) OVER (PARTITION BY resource_id ORDER BY valid_from) AS valid_to,
           count(*) OVER (PARTITION BY resource_id) AS owner_count
    FROM cloud_match_owners WHERE scope_id = :scope
), held AS (
    -- For how long each owner had the resource, while it lived and was billed; of those
    -- resources only that had more than one.
    SELECT f.id, h.tenant_id, h.deployment_id, min(f.amount) AS amount,
           max(h.valid_from) AS since, sum(spans.seconds)::bigint AS seconds
    FROM found AS f
    JOIN owners AS h
      ON cardinality(f.found) = 1 AND h.resource_id = f.found[1] AND h.owner_count > 1
    JOIN cloud_match_candidates AS c ON c.scope_id = :scope AND c.resource_id = h.resource_id
    CROSS JOIN LATERAL (
        SELECT floor(extract(epoch FROM
            least(f.span_to, coalesce(h.valid_to, 'infinity'), coalesce(c.lived_to, 'infinity'))
            - greatest(f.span_from, h.valid_from, c.lived_from))) AS seconds) AS spans
    WHERE spans.seconds > 0
    GROUP BY f.id, h.tenant_id, h.deployment_id
), scaled AS (
    -- In whole units of the last digit that is kept: by `div` and `mod` nothing is rounded.
    SELECT id, tenant_id, deployment_id, since, seconds, sign(amount) * unit AS signed_unit,
           abs(amount) * units AS whole, sum(seconds) OVER (PARTITION BY id) AS all_seconds
    FROM held
    CROSS JOIN LATERAL (SELECT greatest(min_scale(amount), :least_places)) AS kept (places)
    CROSS JOIN LATERAL (SELECT CAST('1e' || places AS numeric), CAST('1e-' || places AS numeric))
        AS one (units, unit)
), floored AS (
    SELECT *, div(whole * seconds, all_seconds) AS least_units,
           row_number() OVER (
               PARTITION BY id
               ORDER BY mod(whole * seconds, all_seconds) DESC,
                        tenant_id COLLATE "C" NULLS FIRST, deployment_id COLLATE "C" NULLS FIRST
           ) AS turn,
           whole - sum(div(whole * seconds, all_seconds)) OVER (PARTITION BY id) AS left_over
    FROM scaled
), shared AS MATERIALIZED (
    SELECT id, CASE WHEN count(*) > 1 THEN jsonb_agg(jsonb_build_object(
                   'tenant_id', tenant_id, 'deployment_id', deployment_id, 'seconds', seconds,
                   'amount_usd', CAST(trim_scale(
                       signed_unit * (least_units + CAST(turn <= left_over AS integer))) AS text))
               ORDER BY tenant_id COLLATE "C" NULLS FIRST, deployment_id COLLATE "C" NULLS FIRST)
           END AS shares,
           (array_agg(tenant_id ORDER BY since DESC))[1] AS tenant_id,
           (array_agg(deployment_id ORDER BY since DESC))[1] AS deployment_id
    FROM floored GROUP BY id
), judged AS MATERIALIZED (
    SELECT f.id, f.partition,
           CASE WHEN cardinality(f.found) = 1 THEN 'matched'
                WHEN f.found IS NOT NULL THEN 'ambiguous'
                WHEN f.classification IN ('shared', 'account') THEN 'not_applicable'
                ELSE 'unmatched' END AS state,
           CASE WHEN cardinality(f.found) = 1 THEN f.rung ELSE '' END AS rung,
           CASE WHEN cardinality(f.found) = 1 THEN ''
                WHEN f.found IS NOT NULL THEN cardinality(f.found) || ' resources fit by ' || f.rung
                WHEN f.classification IN ('shared', 'account') THEN ''
                WHEN array_to_string(f.ids, '') <> '' THEN 'the inventory knows no such id'
                WHEN f.classification = 'unknown' THEN 'the product is not known'
                WHEN f.resource_name = '' THEN 'the line names no resource'
                ELSE 'no resource had this name then' END AS reason,
           c.resource_id, coalesce(c.kind, '') AS found_kind, c.project_id,
           CASE WHEN s.id IS NULL THEN o.tenant_id ELSE s.tenant_id END AS tenant_id,
           CASE WHEN s.id IS NULL THEN o.deployment_id ELSE s.deployment_id END AS deployment_id,
           s.shares, coalesce(c.region, '') AS region
    FROM found AS f
    LEFT JOIN cloud_match_candidates AS c
      ON cardinality(f.found) = 1 AND c.scope_id = :scope AND c.resource_id = f.found[1]
    LEFT JOIN owners AS o
      ON o.resource_id = c.resource_id AND o.valid_from < f.span_to
      AND (o.valid_to IS NULL OR o.valid_to >= f.span_to)
    LEFT JOIN shared AS s ON s.id = f.id
)
"""


def kind_of_line(line: str, found_kind: str) -> str:
    """The SQL expression of a line's kind: the product's, else the resource's."""
    classifications = ", ".join(f"'{name}'" for name in sorted(KIND_OF_RESOURCE))
    return (
        f"CASE WHEN {line}.classification IN ({classifications}) THEN coalesce({found_kind}, '')"
        f" ELSE {line}.kind END"
    )


def may_have_resource(ids: str) -> str:
    """The condition for lines that may have a resource; `ids` is the array of their ids.

    Other lines have no resource.
    """
    named = ", ".join(f"'{name}'" for name in sorted(NAMES_A_RESOURCE))
    by_id = ", ".join(f"'{name}'" for name in sorted(BY_ID_ONLY))
    return (
        f"(classification IN ({named})"
        f" OR classification IN ({by_id}) AND array_to_string({ids}, '') <> '')"
    )


def matching_sql(**parts: str) -> str:
    """The matching of the lines of a table, without a final statement.

    `table` and `where` select the lines; `id` and `partition` are their key; `ids`, `project`,
    `span_from` and `span_to` are the compared expressions.
    """
    return _MATCHING.format(
        whole_name=WHOLE_NAME,
        may_have_resource=may_have_resource(parts["ids"]),
        by_name_too=_BY_NAME_TOO,
        name_holds=_OVERLAPS.format(one="n.valid"),
        life_holds=_OVERLAPS.format(one="c.lived"),
        **parts,
    )


def matching_rules() -> dict[str, Any]:
    """The parameters of the matching that are the same for all lines."""
    kinds = [(kind, kind) for kind in sorted({product.kind for product in PRODUCTS.values()})]
    kinds += [(kind, other) for kind, others in ALSO_NAMES.items() for other in others]
    return {
        "billed": [billed for billed, _ in kinds],
        "named": [named for _, named in kinds],
        "known_by_id": sorted(KNOWN_BY_ID),
        "group_kinds": sorted(GROUP_KINDS),
        "unseen_end": UNSEEN_END,
        "least_places": LEAST_PLACES,
    }


async def match_in_memory(session: WriteSession) -> None:
    """Raises the memory limit for matching until the transaction ends."""
    await session.execute(_IN_MEMORY)
