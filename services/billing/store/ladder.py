"""The SQL that climbs the ladder of `matching.py`, for lines wherever they lie.

It ends with the table `judged`: what became of each line that bills a resource. What is done
with that is said by whoever goes on with the statement.
"""

from typing import Any, Final

from sqlalchemy import text

from services.billing.classification import PRODUCTS
from services.billing.matching import ALSO_NAMES, GROUP_KINDS, KNOWN_BY_ID, UNSEEN_END
from services.common.database import WriteSession

__all__ = ["ladder", "make_room", "rules"]

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
    SELECT {id} AS id, {partition} AS partition, kind, resource_name, {ids} AS ids,
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
    SELECT f.id, f.partition,
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
)
"""


def ladder(**parts: str) -> str:
    """The ladder for lines of a table, without a final statement.

    `table` and `where` say which lines; `id` and `partition` name their key; `ids`, `project`,
    `span_from` and `span_to` are what of them is compared.
    """
    return _LADDER.format(
        name_holds=_OVERLAPS.format(one="n.valid"),
        life_holds=_OVERLAPS.format(one="c.lived"),
        **parts,
    )


def rules() -> dict[str, Any]:
    """The values of a ladder's parameters that are the same for all lines."""
    kinds = [(kind, kind) for kind in sorted({product.kind for product in PRODUCTS.values()})]
    kinds += [(kind, other) for kind, others in ALSO_NAMES.items() for other in others]
    return {
        "billed": [billed for billed, _ in kinds],
        "named": [named for _, named in kinds],
        "known_by_id": sorted(KNOWN_BY_ID),
        "group_kinds": sorted(GROUP_KINDS),
        "unseen_end": UNSEEN_END,
    }


async def make_room(session: WriteSession) -> None:
    """Lets a ladder be climbed in memory, until the transaction ends."""
    await session.execute(_ROOM)
