"""Reads a page of a sweep with its open drifts, and writes all changes in one statement."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, rows_as, unnested
from services.inventory.drift.rules.sweeping import (
    Moved,
    OpenDrift,
    Opened,
    PageVerdict,
    Specified,
)
from services.inventory.drift.store.ignore_rules import MUTING_RULE
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.history import event_arrays, prepare_months, writing_events

__all__ = [
    "certificate_names",
    "count_muted",
    "frozen_reason",
    "open_drifts",
    "read_page",
    "write_verdict",
]

FIRST: Final = UUID(int=0)

# The newest sweep that evaluated the token's scopes; interrupted ones did not.
FROZEN: Final = text("""
SELECT outcome, reason FROM cloud_sweeps
WHERE provider = :provider AND kind = :kind
  AND outcome IN ('completed', 'partial', 'halted', 'frozen')
ORDER BY finished_at DESC
LIMIT 1
""")

# Forces a lookup by id per resource (OFFSET 0 prevents flattening), whatever the planner's
# statistics are.
PAGE: Final = """
SELECT s.resource_id AS id, r.provider_id, r.tenant_id, s.spec, s.spec_version,
       r.name, r.region, r.size, r.status, r.tags, r.project_id::text, r.attrs,
       r.unknown_fields, r.deleted_at IS NOT NULL AS deleted
FROM (
    SELECT resource_id, spec, spec_version FROM cloud_provisioned
    WHERE provider = %(provider)s AND kind = %(kind)s AND resource_id > %(after)s
    ORDER BY resource_id
    LIMIT %(limit)s
) AS s
CROSS JOIN LATERAL (SELECT * FROM cloud_resources WHERE id = s.resource_id OFFSET 0) AS r
ORDER BY s.resource_id
"""

# A revert ends within a week; a terminated one never reports its end.
OPEN: Final = """
SELECT id, resource_id, field, expected, actual,
       CASE WHEN revert_status = 'running' AND revert_started_at < now() - interval '7 days'
            THEN '' ELSE revert_status END AS revert
FROM cloud_drift
WHERE status = 'open' AND resource_id = ANY (%(ids)b::uuid[])
"""

# A drift opened without the lock keeps its row and gets no second event.
WRITE: Final = f"""
WITH opened AS (
    INSERT INTO cloud_drift (
        resource_id, kind, field, expected, actual, spec_version, detected_at, last_seen_at)
    SELECT g.resource_id, %(kind)s, g.field, g.expected::jsonb, g.actual::jsonb,
           g.spec_version, now(), now()
    FROM {unnested(Opened, "g")}
    ON CONFLICT (resource_id, field) WHERE status = 'open' DO NOTHING
    RETURNING id
), moved AS (
    UPDATE cloud_drift AS d
    SET expected = m.expected::jsonb,
        actual = m.actual::jsonb,
        spec_version = m.spec_version,
        last_seen_at = now(),
        cause_action_id = CASE WHEN m.is_live_value THEN '' ELSE d.cause_action_id END,
        cause_action_type = CASE WHEN m.is_live_value THEN '' ELSE d.cause_action_type END,
        cause_occurred_at = CASE WHEN NOT m.is_live_value THEN d.cause_occurred_at END,
        cause_sought_at = CASE WHEN NOT m.is_live_value THEN d.cause_sought_at END
    FROM {unnested(Moved, "m")}
    WHERE d.id = m.id AND d.status = 'open'
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


async def frozen_reason(session: WriteSession, provider: str, kind: str) -> str:
    """Why the newest sweep of a kind freezes its drift; empty if it does not."""
    found = (await session.execute(FROZEN, {"provider": provider, "kind": kind})).first()
    return str(found.reason) if found is not None and found.outcome == "frozen" else ""


async def read_page(
    session: WriteSession, provider: str, kind: str, *, after: UUID | None, limit: int
) -> list[Specified]:
    """Resources with a spec, by id; the caller holds the drift lock of the kind."""
    asked = {"provider": provider, "kind": kind, "after": after or FIRST, "limit": limit}
    return await session.on_driver(PAGE, asked, rows=rows_as(Specified))


async def open_drifts(session: WriteSession, page: Sequence[Specified]) -> list[OpenDrift]:
    """The open drifts of a page."""
    ids = [one.resource.id for one in page]
    return await session.on_driver(OPEN, {"ids": ids}, rows=rows_as(OpenDrift))


async def certificate_names(session: WriteSession, provider: str) -> dict[str, str]:
    """The names of a provider's certificates by id."""
    return dict(await session.on_driver(CERTIFICATES, {"provider": provider}))


async def write_verdict(
    session: WriteSession, kind: str, verdict: PageVerdict, cause: Cause
) -> None:
    """Opens, changes, keeps and closes drifts, and writes their events, in one statement."""
    if not (verdict.opened or verdict.moved or verdict.seen or verdict.gone):
        return
    if verdict.events:
        await prepare_months(session)
    given = {
        "kind": kind,
        "seen_ids": verdict.seen,
        "gone_ids": verdict.gone,
        **arrays_of(Opened, verdict.opened, "g"),
        **arrays_of(Moved, verdict.moved, "m"),
        **event_arrays(verdict.events, cause),
    }
    await session.on_driver(WRITE, given, prepare=False)


async def count_muted(session: WriteSession, page: Sequence[Specified]) -> int:
    """The number of muted open drifts of a page."""
    counted = await session.on_driver(MUTED, {"ids": [one.resource.id for one in page]})
    return int(counted[0][0]) if counted else 0
