"""Reads entries of the audit log, and the links of its chain."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.common.audit.chain import BEGINNING, Link
from services.common.db.database import ReadSession
from services.common.db.records import record_of, records_of
from services.common.errors import ResourceExhausted
from services.common.identity.callers import Scope

__all__ = [
    "READ_SECONDS",
    "Filter",
    "KeptEntry",
    "kept_from",
    "links_after",
    "list_entries",
    "listing",
    "unlinked_entries",
]

READ_SECONDS: Final = 2
"""Timeout of the list statement: some filters have no index."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a list; empty or None fields do not restrict it."""

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
    """A stored entry with its link; tenants do not see the links."""

    at: datetime
    id: UUID
    found: int
    """The number of entries found, up to the limit; only the first ones are read."""
    content: str
    seq: int | None
    previous_hash: str | None
    hash: str | None


_CONDITIONS: Final = {
    "actor": "e.actor = :actor",
    "tenant_id": "e.tenant_id = :tenant_id",
    "rpc": "e.rpc = :rpc",
    "outcome": "e.outcome = :outcome",
    "by_request_id": "e.request_id = :by_request_id",
    "after": "e.at >= :after",
    "before": "e.at < :before",
}
_ALL: Final = "audit_entries AS e"
_OF_OBJECT: Final = """
audit_of_object(:object, coalesce(CAST(:after AS timestamptz), '-infinity'),
                coalesce(CAST(:before AS timestamptz), 'infinity')) AS o
JOIN audit_entries AS e ON e.at = o.at AND e.id = o.id
"""
# Finds the positions first, so that the large contents are read only for returned entries.
_LIST: Final = """
SELECT p.at, p.id, p.found, e.content, l.seq, l.previous_hash, l.hash
FROM (
    SELECT f.at, f.id, count(*) OVER () AS found,
           sum(f.length) OVER (ORDER BY f.at DESC, f.id DESC) - f.length AS bytes_before
    FROM (
        SELECT e.at, e.id, octet_length(e.content) AS length
        FROM {} WHERE {} ORDER BY e.at DESC, e.id DESC LIMIT :limit
    ) AS f
) AS p
JOIN audit_entries AS e ON e.at = p.at AND e.id = p.id
LEFT JOIN audit_links AS l ON l.entry_id = p.id
WHERE p.bytes_before < :max_bytes
ORDER BY p.at DESC, p.id DESC
"""
_TIMEOUT: Final = text(f"SET LOCAL statement_timeout = '{READ_SECONDS}s'")

_HASH: Final = text("SELECT hash FROM audit_links WHERE seq = :seq")
# The lengths first, as above.
_LINKS: Final = text("""
SELECT p.seq, p.entry_id, p.entry_at, p.previous_hash, p.hash, p.found, e.content, e.actor,
       e.tenant_id, e.rpc, e.outcome, e.request_id, e.objects
FROM (
    SELECT f.*, count(*) OVER () AS found,
           sum(f.length) OVER (ORDER BY f.seq) - f.length AS bytes_before
    FROM (
        SELECT l.*, coalesce(octet_length(e.content), 0) AS length
        FROM audit_links AS l
        LEFT JOIN audit_entries AS e ON e.at = l.entry_at AND e.id = l.entry_id
        WHERE l.seq > :seq ORDER BY l.seq LIMIT :limit
    ) AS f
) AS p
LEFT JOIN audit_entries AS e ON e.at = p.entry_at AND e.id = p.entry_id
WHERE p.bytes_before < :max_bytes
ORDER BY p.seq
""")
_UNLINKED: Final = text("""
SELECT e.id FROM audit_entries AS e
WHERE NOT EXISTS (SELECT FROM audit_links AS l WHERE l.entry_id = e.id) LIMIT :limit
""")
_KEPT_FROM: Final = text("""
SELECT min(to_date(right(c.relname, 7), 'YYYY_MM')) FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_entries'::regclass
""")


def listing(
    wanted: Filter,
    scope: Scope,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    max_bytes: int,
) -> tuple[str, dict[str, Any]]:
    """The list statement and its values.

    The tenant is an explicit condition, because the equivalent policy cannot use an index.
    """
    given: dict[str, Any] = {
        field.name: value for field in fields(wanted) if (value := getattr(wanted, field.name))
    }
    conditions = [_CONDITIONS[name] for name in given if name in _CONDITIONS]
    if wanted.object:
        given = {"after": None, "before": None} | given
    if not scope.everything:
        conditions.append("e.tenant_id = :scope")
        given["scope"] = scope.tenant_id
    if before is not None:
        conditions.append("(e.at, e.id) < (:position_at, :position_id)")
        given |= {"position_at": before[0], "position_id": before[1]}
    source = _OF_OBJECT if wanted.object else _ALL
    return (
        _LIST.format(source, " AND ".join(conditions) or "true"),
        given | {"limit": limit, "max_bytes": max_bytes},
    )


async def list_entries(
    session: ReadSession,
    wanted: Filter,
    scope: Scope,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    max_bytes: int,
) -> list[KeptEntry]:
    """Entries that `scope` may read, newest first; `before` is the end of the previous page.

    Ends at the entry that reaches `max_bytes`. Raises ResourceExhausted if the search takes too
    long.
    """
    statement, values = listing(wanted, scope, before=before, limit=limit, max_bytes=max_bytes)
    await session.execute(_TIMEOUT)
    try:
        return records_of(KeptEntry, await session.execute(text(statement), values))
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise
        raise ResourceExhausted(
            f"the search takes more than {READ_SECONDS} s: narrow it by `after` and `before`",
            reason="AUDIT_SEARCH_TOO_LONG",
        ) from error


async def links_after(
    session: ReadSession, seq: int, *, limit: int, max_bytes: int
) -> tuple[str | None, list[Link], bool]:
    """The hash of the link at a position, the following links, and whether these are all.

    The hash is None without a link. The list ends with the link at which the contents of the
    entries reach `max_bytes`.
    """
    found = (await session.execute(_HASH, {"seq": seq})).scalar_one_or_none()
    values = {"seq": seq, "limit": limit, "max_bytes": max_bytes}
    rows = (await session.execute(_LINKS, values)).all()
    links = [record_of(Link, row) for row in rows]
    all_read = not rows or len(rows) == rows[0].found < limit
    return (BEGINNING if seq == 0 else found), links, all_read


async def unlinked_entries(session: ReadSession, limit: int) -> list[UUID]:
    """Entries that are missing in the chain."""
    return list((await session.execute(_UNLINKED, {"limit": limit})).scalars())


async def kept_from(session: ReadSession) -> datetime:
    """The beginning of the oldest month that was not dropped."""
    first = (await session.execute(_KEPT_FROM)).scalar_one()
    return datetime(first.year, first.month, first.day, tzinfo=UTC)
