"""The audit log of a service, read as a superuser."""

from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

__all__ = ["Kept", "entries_of"]


@dataclass(frozen=True)
class Kept:
    """An entry with its link."""

    seq: int
    previous_hash: str
    hash: str
    tenant_id: str | None
    raw: str
    """The content as it is kept."""

    @property
    def content(self) -> dict[str, Any]:
        read: dict[str, Any] = orjson.loads(self.raw)
        return read


def entries_of(admin_url: str) -> list[Kept]:
    """All entries, oldest first."""
    with psycopg.connect(admin_url) as connection:
        rows = connection.execute(
            "SELECT l.seq, l.previous_hash, l.hash, e.tenant_id, e.content"
            " FROM audit_entries AS e LEFT JOIN audit_links AS l ON l.entry_id = e.id"
            " ORDER BY l.seq"
        ).fetchall()
    return [Kept(*row) for row in rows]
