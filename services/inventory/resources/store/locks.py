"""The locks under which the rows of a kind change, and its specs and drifts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, literal, text

from services.common.db.database import WriteSession
from services.inventory.tables import cloud_projects, cloud_resources
from services.inventory.vocabulary import PROJECT

__all__ = ["Mirror", "lock_drift", "lock_kinds", "mirror_of"]

# Taken in sorted order, so that two callers with overlapping kinds cannot deadlock.
LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0))"
    " FROM (SELECT unnest(CAST(:names AS text[])) AS name ORDER BY 1) AS names"
)


async def lock_kinds(session: WriteSession, provider: str, kinds: Iterable[str]) -> None:
    """Waits until no other transaction changes these kinds; released with the transaction."""
    names = sorted({f"cloud_resources/{provider}/{kind}" for kind in kinds})
    await session.execute(LOCK, {"names": names})


async def lock_drift(session: WriteSession, kinds: Iterable[tuple[str, str]]) -> None:
    """Waits until no other transaction decides on drifts of these (provider, kind)."""
    names = sorted({f"cloud_drift/{provider}/{kind}" for provider, kind in kinds})
    await session.execute(LOCK, {"names": names})


@dataclass(frozen=True, slots=True)
class Mirror:
    """The rows of one kind of one provider."""

    table: Table
    rows: ColumnElement[bool]
    has_history: bool
    """Whether what happens to them becomes events."""

    @property
    def living(self) -> ColumnElement[bool]:
        """Those not tombstoned."""
        return and_(self.rows, self.table.c.deleted_at.is_(None))


def mirror_of(provider: str, kind: str) -> Mirror:
    """Where the rows of a swept kind are kept: projects have a table of their own."""
    if kind == PROJECT:
        return Mirror(cloud_projects, cloud_projects.c.provider == literal(provider), False)
    table = cloud_resources
    rows = and_(table.c.provider == literal(provider), table.c.kind == literal(kind))
    return Mirror(table, rows, True)
