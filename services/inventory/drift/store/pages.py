"""A page of a sweep: read with what is open, and what becomes of it written at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.common.db.database import WriteSession
from services.inventory.drift.rules.fields import LiveResource
from services.inventory.drift.rules.states import RevertStatus
from services.inventory.drift.rules.sweeping import OpenDrift, Specified, Verdict
from services.inventory.drift.store.muting import MUTING_RULE
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import event_arrays, prepare_months, writing_events

__all__ = [
    "PageKey",
    "certificate_names",
    "complete_specs",
    "count_muted",
    "frozen_reason",
    "read_page",
    "write_verdict",
]

FIRST: Final = UUID(int=0)

# The newest sweep that judged what the token sees; one that broke off judged nothing.
FROZEN: Final = text("""
SELECT outcome, reason FROM cloud_sweeps
WHERE provider = :provider AND kind = :kind
  AND outcome IN ('completed', 'partial', 'halted', 'frozen')
ORDER BY finished_at DESC
LIMIT 1
""")

# Each specified resource is looked up by its id (OFFSET 0 keeps the look-up whole),
# whatever PostgreSQL believes about the tables.
PAGE: Final = """
SELECT s.resource_id, r.provider_id, r.tenant_id, s.spec::text, s.spec_version,
       r.name, r.region, r.size, r.status, r.tags, r.project_id::text, r.attrs::text,
       r.unknown_fields, r.deleted_at IS NOT NULL
FROM (
    SELECT resource_id, spec, spec_version FROM cloud_provisioned
    WHERE provider = %(provider)s AND kind = %(kind)s AND resource_id > %(after)s
    ORDER BY resource_id
    LIMIT %(limit)s
) AS s
CROSS JOIN LATERAL (SELECT * FROM cloud_resources WHERE id = s.resource_id OFFSET 0) AS r
ORDER BY s.resource_id
"""

# A revert ends within a week, and one that was terminated never says so.
OPEN: Final = """
SELECT resource_id, id, field, expected::text, actual::text,
       CASE WHEN revert_status = 'running' AND revert_started_at < now() - interval '7 days'
            THEN '' ELSE revert_status END
FROM cloud_drift
WHERE status = 'open' AND resource_id = ANY (%(ids)b::uuid[])
"""

# A drift that somebody opened without the lock keeps its row, and gets no second event.
WRITE: Final = f"""
WITH opened AS (
    INSERT INTO cloud_drift (
        resource_id, kind, field, expected, actual, spec_version, detected_at, last_seen_at)
    SELECT g.resource_id, %(kind)s, g.field, g.expected::jsonb, g.actual::jsonb, g.version,
           now(), now()
    FROM unnest(%(opened_ids)b::uuid[], %(opened_fields)b::text[], %(opened_expected)b::text[],
                %(opened_actual)b::text[], %(opened_versions)b::bigint[])
         AS g (resource_id, field, expected, actual, version)
    ON CONFLICT (resource_id, field) WHERE status = 'open' DO NOTHING
    RETURNING id
), moved AS (
    UPDATE cloud_drift AS d
    SET expected = g.expected::jsonb,
        actual = g.actual::jsonb,
        spec_version = g.version,
        last_seen_at = now(),
        cause_action_id = CASE WHEN g.live THEN '' ELSE d.cause_action_id END,
        cause_action_type = CASE WHEN g.live THEN '' ELSE d.cause_action_type END,
        cause_occurred_at = CASE WHEN g.live THEN NULL ELSE d.cause_occurred_at END,
        cause_sought_at = CASE WHEN g.live THEN NULL ELSE d.cause_sought_at END
    FROM unnest(%(moved_ids)b::uuid[], %(moved_expected)b::text[], %(moved_actual)b::text[],
                %(moved_versions)b::bigint[], %(moved_live)b::boolean[])
         AS g (id, expected, actual, version, live)
    WHERE d.id = g.id AND d.status = 'open'
), seen AS (
    UPDATE cloud_drift SET last_seen_at = now()
    WHERE id = ANY (%(seen_ids)b::uuid[]) AND status = 'open'
), gone AS (
    UPDATE cloud_drift
    SET status = 'stale', resolved_at = now(), resolved_by = %(actor)s
    WHERE id = ANY (%(gone_ids)b::uuid[]) AND status = 'open'
), noted AS (
    {writing_events()}
)
SELECT count(*) FROM opened
"""

MUTED: Final = f"""
SELECT count(mute.id)
FROM cloud_drift AS d JOIN cloud_resources AS r ON r.id = d.resource_id
{MUTING_RULE}
WHERE d.status = 'open' AND d.resource_id = ANY (%(ids)b::uuid[])
"""


CERTIFICATES: Final = """
SELECT attrs ->> 'id', name FROM cloud_resources
WHERE provider = %(provider)s AND kind = 'certificate' AND attrs ->> 'id' IS NOT NULL
"""

# The same wish in more words: whoever recorded it, and as which version, stays.
COMPLETE: Final = """
UPDATE cloud_provisioned AS s SET spec = g.spec::jsonb
FROM unnest(%(ids)b::uuid[], %(specs)b::text[]) AS g (id, spec)
WHERE s.resource_id = g.id
"""


@dataclass(frozen=True, slots=True)
class PageKey:
    """Which page of specified resources, by their ids."""

    provider: str
    kind: str
    after: UUID | None
    limit: int


async def frozen_reason(session: WriteSession, provider: str, kind: str) -> str:
    """Why the newest sweep of a kind freezes its drift; empty when it does not."""
    found = (await session.execute(FROZEN, {"provider": provider, "kind": kind})).first()
    return str(found.reason) if found is not None and found.outcome == "frozen" else ""


async def read_page(session: WriteSession, key: PageKey) -> list[Specified]:
    """The page; the caller holds the drift lock of the kind."""
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(
            PAGE,
            {
                "provider": key.provider,
                "kind": key.kind,
                "after": key.after or FIRST,
                "limit": key.limit,
            },
        )
        rows = await cursor.fetchall()
        if not rows:
            return []
        await cursor.execute(OPEN, {"ids": [row[0] for row in rows]})
        open_drifts: dict[UUID, dict[str, OpenDrift]] = {}
        for resource_id, identifier, field, expected, actual, revert in await cursor.fetchall():
            found = OpenDrift(
                identifier,
                field,
                orjson.loads(expected),
                orjson.loads(actual),
                RevertStatus(revert),
            )
            open_drifts.setdefault(resource_id, {})[field] = found
    return [_specified(row, open_drifts) for row in rows]


async def certificate_names(session: WriteSession, provider: str) -> dict[str, str]:
    """The names of a provider's certificates by their ids."""
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(CERTIFICATES, {"provider": provider})
        return dict(await cursor.fetchall())


async def complete_specs(session: WriteSession, page: Sequence[Specified]) -> None:
    """Keeps the specs of a page as they are now, in place of those that were read."""
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        given = {
            "ids": [one.resource.id for one in page],
            "specs": [_json(one.spec) for one in page],
        }
        await cursor.execute(COMPLETE, given, prepare=False)


async def write_verdict(session: WriteSession, kind: str, verdict: Verdict, cause: Cause) -> None:
    """Opens, moves, sees and closes drifts, and writes their events, in one statement."""
    if not (verdict.opened or verdict.moved or verdict.seen or verdict.gone):
        return
    if verdict.events:
        await prepare_months(session)
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        # Planned for the arrays at hand: a prepared plan would expect ten rows.
        await cursor.execute(WRITE, _columns(kind, verdict, cause), prepare=False)


async def count_muted(session: WriteSession, page: Sequence[Specified]) -> int:
    """How many open drifts of a page a rule mutes."""
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(MUTED, {"ids": [one.resource.id for one in page]})
        counted = await cursor.fetchone()
    return int(counted[0]) if counted else 0


def _specified(
    row: tuple[Any, ...], open_drifts: Mapping[UUID, Mapping[str, OpenDrift]]
) -> Specified:
    return Specified(
        resource=LiveResource(
            id=row[0],
            name=row[5],
            region=row[6],
            size=row[7],
            status=row[8],
            tags=row[9],
            project_id=row[10],
            attrs=orjson.loads(row[11]),
            unknown_fields=frozenset(row[12]),
            deleted=row[13],
        ),
        provider_id=row[1],
        tenant_id=row[2],
        spec=orjson.loads(row[3]),
        spec_version=row[4],
        open=open_drifts.get(row[0], {}),
    )


def _columns(kind: str, verdict: Verdict, cause: Cause) -> dict[str, Any]:
    opened, moved = verdict.opened, verdict.moved
    return {
        "kind": kind,
        "opened_ids": [one.resource_id for one in opened],
        "opened_fields": [one.mismatch.field for one in opened],
        "opened_expected": [_json(one.mismatch.expected) for one in opened],
        "opened_actual": [_json(one.mismatch.actual) for one in opened],
        "opened_versions": [one.spec_version for one in opened],
        "moved_ids": [one.id for one in moved],
        "moved_expected": [_json(one.mismatch.expected) for one in moved],
        "moved_actual": [_json(one.mismatch.actual) for one in moved],
        "moved_versions": [one.spec_version for one in moved],
        "moved_live": [one.is_live_value for one in moved],
        "seen_ids": verdict.seen,
        "gone_ids": verdict.gone,
        **event_arrays(verdict.events, cause),
    }


def _json(value: Any) -> str:  # noqa: ANN401
    return orjson.dumps(value).decode()
