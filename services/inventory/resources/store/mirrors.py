"""The tables that mirror the provider, by the kind that a sweep names."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, literal

from services.inventory.tables import cloud_projects, cloud_resources
from services.inventory.vocabulary import PROJECT

__all__ = ["Mirror", "mirror_of"]


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
