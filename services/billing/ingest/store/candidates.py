"""Candidates: a projection of the inventory for matching, kept for the duration of a run."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.billing.ingest.rules.matching import (
    ALSO_NAMES,
    GROUP_KINDS,
    KNOWN_BY_ID,
    Candidate,
    Key,
    NameHeld,
    OwnerSince,
)
from services.billing.ingest.store.match_sql import WHOLE_NAME, may_have_resource
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, unnested
from services.common.values.periods import Period

__all__ = [
    "add_candidates",
    "daily_keys",
    "forget_candidates",
    "invoice_keys",
    "is_prepared",
    "mark_prepared",
    "staged_keys",
]

TABLES: Final = (
    "cloud_match_runs",
    "cloud_match_candidates",
    "cloud_match_names",
    "cloud_match_owners",
)
MAX_NAME_LENGTH: Final = 1_000
"""The inventory's maximum; the provider's names are shorter."""

_IDS: Final = """
SELECT DISTINCT '' AS kind, given_id AS provider_id, '' AS name
FROM {lines} CROSS JOIN LATERAL unnest(ARRAY[{ids}]) AS given (given_id)
WHERE {where} AND given_id <> '' AND char_length(given_id) <= :longest
"""
# Many lines have the same name, so deduplicate.
_NAMES: Final = f"""
SELECT DISTINCT kind, '', given_name FROM (
    SELECT DISTINCT kind, resource_name, {WHOLE_NAME} AS whole_name FROM {{lines}}
    WHERE {{where}} AND classification = 'resource' AND kind <> '' AND resource_name <> ''
      AND ({{without_id}} OR NOT kind = ANY (:known_by_id))
) AS lines
CROSS JOIN LATERAL unnest(ARRAY[resource_name, whole_name]) AS named (given_name)
WHERE char_length(given_name) <= :longest
UNION
SELECT DISTINCT kind, '', lower(btrim(group_description)) FROM {{lines}}
WHERE {{where}} AND classification = 'resource' AND btrim(group_description) <> ''
  AND char_length(group_description) <= :longest AND kind = ANY (:group_kinds)
"""
_BOTH_IDS: Final = "provider_resource_id, provider_resource_uuid"
_INVOICE: Final = "period = :period AND provider_invoice_id = :invoice_id"
_OF_INVOICE: Final = "UNION".join(
    (
        _IDS.format(
            lines="cloud_cost_lines",
            ids=_BOTH_IDS,
            where=f"{_INVOICE} AND {may_have_resource(f'ARRAY[{_BOTH_IDS}]')}",
        ),
        _NAMES.format(
            lines="cloud_cost_lines",
            without_id="provider_resource_id || provider_resource_uuid = ''",
            where=_INVOICE,
        ),
    )
)
# The pairing of lines and items is not known yet, so look up all names.
_STAGED: Final = "ingest_id = :ingest_id"
_OF_STAGED: Final = "UNION".join(
    (
        _IDS.format(lines="cloud_staged_items", ids=_BOTH_IDS, where=_STAGED),
        _NAMES.format(lines="cloud_staged_lines", without_id="true", where=_STAGED),
    )
)
# The planner would sort if it assumed few rows, and sorting a million texts takes seconds.
_BY_HASHING: Final = text("SELECT set_config('enable_sort', 'off', true)")
_OF_DAYS: Final = _NAMES.format(
    lines="cloud_daily_costs", without_id="true", where="day >= :start AND day < :end"
)


@dataclass(frozen=True, slots=True)
class _CandidateName:
    """A name of a candidate."""

    resource_id: UUID
    kind: str
    held: NameHeld


@dataclass(frozen=True, slots=True)
class _Owned:
    """An owner of a candidate."""

    resource_id: UUID
    owner: OwnerSince


_ADD: Final = {
    Candidate: f"""
INSERT INTO cloud_match_candidates (scope_id, resource_id, kind, provider_id, project_id,
                                    project_name, lived_from, lived_to, region)
SELECT %(scope)s, * FROM {unnested(Candidate, "g")} ON CONFLICT DO NOTHING
""",
    _CandidateName: f"""
INSERT INTO cloud_match_names (scope_id, resource_id, kind, name_key, valid_from, valid_to)
SELECT %(scope)s, * FROM {unnested(_CandidateName, "g")} ON CONFLICT DO NOTHING
""",
    _Owned: f"""
INSERT INTO cloud_match_owners (scope_id, resource_id, tenant_id, deployment_id, valid_from)
SELECT %(scope)s, * FROM {unnested(_Owned, "g")} ON CONFLICT DO NOTHING
""",
}


async def is_prepared(session: WriteSession, scope: UUID) -> bool:
    """Whether the candidates of a run are complete."""
    query = text("SELECT count(*) FROM cloud_match_runs WHERE scope_id = :scope")
    return bool((await session.execute(query, {"scope": scope})).scalar_one())


async def forget_candidates(session: WriteSession, scope: UUID) -> None:
    """Ends a run."""
    for table in TABLES:
        await session.execute(
            text(f"DELETE FROM {table} WHERE scope_id = :scope"), {"scope": scope}
        )


async def mark_prepared(session: WriteSession, scope: UUID) -> None:
    """Marks the candidates of a run as complete."""
    for table in TABLES[1:]:
        await session.execute(text(f"ANALYZE {table}"))
    await session.execute(
        text("INSERT INTO cloud_match_runs (scope_id, prepared_at) VALUES (:scope, now())"),
        {"scope": scope},
    )


def invoice_keys(
    session: WriteSession, period: date, invoice_id: UUID, *, size: int
) -> AsyncGenerator[list[Key]]:
    """Yields the distinct lookup keys of an invoice's lines in batches of `size`."""
    return _keys(session, _OF_INVOICE, {"period": period, "invoice_id": invoice_id}, size)


def staged_keys(session: WriteSession, ingest_id: UUID, *, size: int) -> AsyncGenerator[list[Key]]:
    """Yields the distinct lookup keys of staged lines in batches of `size`."""
    return _keys(session, _OF_STAGED, {"ingest_id": ingest_id}, size)


def daily_keys(session: WriteSession, span: Period, *, size: int) -> AsyncGenerator[list[Key]]:
    """Yields the distinct lookup keys of daily costs in batches of `size`."""
    return _keys(session, _OF_DAYS, {"start": span.start, "end": span.end}, size)


async def _keys(
    session: WriteSession, query: str, place: dict[str, Any], size: int
) -> AsyncGenerator[list[Key]]:
    rules = {
        "longest": MAX_NAME_LENGTH,
        "known_by_id": sorted(KNOWN_BY_ID),
        "group_kinds": sorted(GROUP_KINDS),
    }
    values = {**rules, **place}
    named = query
    for name in sorted(values, key=len, reverse=True):
        named = named.replace(f":{name}", f"%({name})s")
    connection = await session.driver()
    await session.execute(_BY_HASHING)
    async with connection.cursor(name="match_keys") as cursor:
        await cursor.execute(named.encode(), values)
        while rows := await cursor.fetchmany(size):
            yield [key for row in rows for key in _named(*row)]


def _named(kind: str, provider_id: str, name: str) -> list[Key]:
    if provider_id:
        return [Key("", provider_id, "")]
    return [Key(one, "", name) for one in (kind, *ALSO_NAMES.get(kind, ()))]


async def add_candidates(
    session: WriteSession, scope: UUID, candidates: Iterable[Candidate]
) -> None:
    """Inserts candidates of a run; existing ones are kept."""
    kept = list({one.resource_id: one for one in candidates}.values())
    rows: dict[type[Any], list[Any]] = {
        Candidate: kept,
        _CandidateName: [
            _CandidateName(one.resource_id, one.kind, held) for one in kept for held in one.names
        ],
        _Owned: [_Owned(one.resource_id, owner) for one in kept for owner in one.owners],
    }
    for kind, some in rows.items():
        if some:
            given = {"scope": scope, **arrays_of(kind, some, "g")}
            await session.on_driver(_ADD[kind], given, binary=False)
