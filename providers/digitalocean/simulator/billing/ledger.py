"""Lifespans and issued invoices in the store: all the SQL of the account's money."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from providers.digitalocean.simulator.billing.lifespan import Lifespan
from providers.digitalocean.simulator.state import Store, as_set

__all__ = ["Ledger"]

_COLUMNS = (
    "kind, resource_id, resource_uuid, name, sku, quantity, region, project, group_name, "
    "started_at, ended_at"
)


class Ledger:
    """The lifespan tables."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        """Grows with every change, so that what was computed can be told stale."""

    def add(self, lifespans: Iterable[Lifespan]) -> None:
        """Record stretches of life, in bulk."""
        self.version += 1
        with self._store.transaction():
            self._store.connection.executemany(
                f"INSERT INTO lifespan ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_values(lifespan) for lifespan in lifespans),
            )

    def end(self, resource_ids: Iterable[str], at: datetime, kind: str | None = None) -> None:
        """End the open stretches of these resources, of one billed kind or of all, at once."""
        self.version += 1
        condition = "" if kind is None else "AND kind = ?"
        self._store.connection.execute(
            "UPDATE lifespan SET ended_at = ? WHERE ended_at IS NULL "
            f"AND resource_id IN (SELECT value FROM json_each(?)) {condition}",
            (at.isoformat(), as_set(resource_ids), *([] if kind is None else [kind])),
        )

    def open_stretches(self, resource_id: str) -> list[Lifespan]:
        """What of a resource is being billed now."""
        found = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM lifespan WHERE resource_id = ? AND ended_at IS NULL "
            "ORDER BY id",
            (resource_id,),
        )
        return [_lifespan(row) for row in found]

    def overlapping(self, start: datetime, end: datetime) -> Iterator[Lifespan]:
        """Every stretch with some life in the half-open period, oldest record first."""
        found = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM lifespan "
            "WHERE started_at < ? AND (ended_at IS NULL OR ended_at > ?) ORDER BY id",
            (end.isoformat(), start.isoformat()),
        )
        for row in found:
            yield _lifespan(row)


def _values(lifespan: Lifespan) -> tuple[str | None, ...]:
    return (
        lifespan.kind,
        lifespan.resource_id,
        lifespan.resource_uuid,
        lifespan.name,
        lifespan.sku,
        str(lifespan.quantity),
        lifespan.region,
        lifespan.project,
        lifespan.group,
        lifespan.started_at.isoformat(),
        None if lifespan.ended_at is None else lifespan.ended_at.isoformat(),
    )


def _lifespan(row: tuple[str, ...]) -> Lifespan:
    *texts, quantity, region, project, group, started_at, ended_at = row
    kind, resource_id, resource_uuid, name, sku = texts
    return Lifespan(
        kind,
        resource_id,
        resource_uuid,
        name,
        sku,
        Decimal(quantity),
        region,
        project,
        group,
        datetime.fromisoformat(started_at),
        None if ended_at is None else datetime.fromisoformat(ended_at),
    )
