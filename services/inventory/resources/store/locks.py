"""Advisory locks of a kind's rows, and of its specs and drifts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, literal, text

from services.common.db.database import WriteSession
from services.inventory.tables import cloud_projects, cloud_resources
from services.inventory.vocabulary import PROJECT

__all__ = ["Mirror", "lock_drift", "lock_kinds", "mirror_of"]

# Sorted, so that callers with overlapping kinds cannot deadlock.
LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0))"
    " FROM (SELECT unnest(CAST(:names AS text[])) AS name ORDER BY 1) AS names"
)


async def lock_kinds(session: WriteSession, provider: str, kinds: Iterable[str]) -> None:
    """Locks the rows of these kinds until the transaction ends."""
    names = sorted({f"cloud_resources/{provider}/{kind}" for kind in kinds})
    await session.execute(LOCK, {"names": names})


async def lock_drift(session: WriteSession, kinds: Iterable[tuple[str, str]]) -> None:
    """Locks the specs and drifts of these (provider, kind) pairs until the transaction ends."""
    names = sorted({f"cloud_drift/{provider}/{kind}" for provider, kind in kinds})
    await session.execute(LOCK, {"names": names})


@dataclass(frozen=True, slots=True)
class Mirror:
    """The rows of one kind of one provider."""

    table: Table
    rows: ColumnElement[bool]
    has_history: bool
    """Whether their changes are recorded as events."""

    @property
    def living(self) -> ColumnElement[bool]:
        """The condition for rows without a tombstone."""
        return and_(self.rows, self.table.c.deleted_at.is_(None))


def mirror_of(provider: str, kind: str) -> Mirror:
    """The table of a swept kind; projects have their own."""
    if kind == PROJECT:
        return Mirror(cloud_projects, cloud_projects.c.provider == literal(provider), False)
    table = cloud_resources
    rows = and_(table.c.provider == literal(provider), table.c.kind == literal(kind))
    return Mirror(table, rows, True)
