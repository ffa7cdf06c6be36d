"""Reads entries of the audit log, and the links of its chain."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.common.audit.chain import BEGINNING, Link
from services.common.db.database import ReadSession
from services.common.db.records import record_of, records_of

__all__ = ["Filter", "KeptEntry", "kept_from", "links_after", "list_entries", "unlinked_entries"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; what is empty or None narrows nothing."""

    object: str = ""
    actor: str = ""
    tenant_id: str = ""
    rpc: str = ""
    outcome: str = ""
    by_request_id: str = ""
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry as it is kept, with its link; a tenant does not see the links."""

    content: str
    seq: int | None
    previous_hash: str | None
    hash: str | None


_CONDITIONS: Final = {
    "object": "e.objects @> ARRAY[CAST(:object AS text)]",
    "actor": "e.actor = :actor",
    "tenant_id": "e.tenant_id = :tenant_id",
    "rpc": "e.rpc = :rpc",
    "outcome": "e.outcome = :outcome",
    "by_request_id": "e.request_id = :by_request_id",
    "after": "e.at >= :after",
    "before": "e.at < :before",
}
_LIST: Final = """
SELECT e.content, l.seq, l.previous_hash, l.hash
FROM audit_entries AS e LEFT JOIN audit_links AS l ON l.entry_id = e.id
WHERE {}
ORDER BY e.at DESC, e.id DESC LIMIT :limit
"""

_HASH: Final = text("SELECT hash FROM audit_links WHERE seq = :seq")
_LINKS: Final = text("""
SELECT l.seq, l.entry_id, l.entry_at, l.previous_hash, l.hash, e.content, e.actor, e.tenant_id,
       e.rpc, e.outcome, e.request_id, e.objects
FROM audit_links AS l LEFT JOIN audit_entries AS e ON e.at = l.entry_at AND e.id = l.entry_id
WHERE l.seq > :seq ORDER BY l.seq LIMIT :limit
""")
_UNLINKED: Final = text("""
SELECT e.id FROM audit_entries AS e
WHERE NOT EXISTS (SELECT FROM audit_links AS l WHERE l.entry_id = e.id) LIMIT :limit
""")
_KEPT_FROM: Final = text("""
SELECT min(to_date(right(c.relname, 7), 'YYYY_MM')) FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_entries'::regclass
""")


async def list_entries(
    session: ReadSession, wanted: Filter, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[KeptEntry]:
    """Entries newest first, of those that the session sees; `before` is where a page ended."""
    given: dict[str, Any] = {
        field.name: value for field in fields(wanted) if (value := getattr(wanted, field.name))
    }
    conditions = [_CONDITIONS[name] for name in given]
    if before is not None:
        conditions.append("(e.at, e.id) < (:position_at, :position_id)")
        given |= {"position_at": before[0], "position_id": before[1]}
    statement = text(_LIST.format(" AND ".join(conditions) or "true"))
    return records_of(KeptEntry, await session.execute(statement, given | {"limit": limit}))


async def links_after(session: ReadSession, seq: int, limit: int) -> tuple[str | None, list[Link]]:
    """The hash of the link at a place, and the links behind it; None for a place without one."""
    found = (await session.execute(_HASH, {"seq": seq})).scalar_one_or_none()
    rows = await session.execute(_LINKS, {"seq": seq, "limit": limit})
    links = [record_of(Link, row) for row in rows]
    return (BEGINNING if seq == 0 else found), links


async def unlinked_entries(session: ReadSession, limit: int) -> list[UUID]:
    """Entries that are not in the chain."""
    return list((await session.execute(_UNLINKED, {"limit": limit})).scalars())


async def kept_from(session: ReadSession) -> datetime:
    """The beginning of the oldest month whose entries were not dropped."""
    first = (await session.execute(_KEPT_FROM)).scalar_one()
    return datetime(first.year, first.month, first.day, tzinfo=UTC)
