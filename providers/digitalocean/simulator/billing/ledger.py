"""Lifespans, changed prices and invoices in the store: all the SQL of the account's money."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from providers.digitalocean.simulator.state import Store, as_set

__all__ = ["Ledger", "Lifespan"]


@dataclass(frozen=True)
class Lifespan:
    """A span of a resource's life with constant billed properties.

    A resize or a rename ends one span and begins the next, for the same `resource_id`.
    """

    kind: str
    """What is billed: `droplet`, `backup`, `volume`, … as `billing.prices` lists them."""
    resource_id: str
    resource_uuid: str
    name: str
    region: str
    project: str
    started_at: datetime
    sku: str = ""
    """The size slug if the price depends on it, else empty."""
    quantity: Decimal = Decimal(1)
    """GB for storage, units or nodes otherwise."""
    group_name: str = ""
    """The Kubernetes cluster of a node; else empty."""
    ended_at: datetime | None = None
    """Exclusive; None while the span has no end."""
    monthly: Decimal | None = None
    """The list price of its `sku` where that was changed before the span began; not stored."""

    def since(self, instant: datetime, **changes: Any) -> "Lifespan":
        """The open lifespan that follows this one, from a whole second on."""
        started_at = instant.replace(microsecond=0)
        return replace(self, started_at=started_at, ended_at=None, **changes)


_NAMES = tuple(field.name for field in fields(Lifespan) if field.name != "monthly")
_SHIFTS = "price_shifts"
_COLUMNS = ", ".join(_NAMES)


class Ledger:
    """The lifespan tables."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        """Increases with every change, to invalidate computed values."""

    def add(self, lifespans: Iterable[Lifespan]) -> None:
        """Records lifespans, in bulk."""
        self.version += 1
        with self._store.transaction():
            self._store.connection.executemany(
                f"INSERT INTO lifespan ({_COLUMNS}) VALUES ({', '.join('?' for _ in _NAMES)})",
                (
                    tuple(_stored(getattr(lifespan, name)) for name in _NAMES)
                    for lifespan in lifespans
                ),
            )

    def shift(self, sku: str, monthly: Decimal, at: datetime) -> int:
        """Changes the list price of a size: what is billed by it begins a new lifespan.

        Returns how many lifespans it began.
        """
        at = at.replace(microsecond=0)
        found = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM lifespan WHERE sku = ? AND ended_at IS NULL ORDER BY id",
            (sku,),
        )
        former = [_lifespan(row) for row in found]
        shifts = [*self._shifts(), [sku, at.isoformat(), str(monthly)]]
        with self._store.transaction():
            self._store.connection.execute(
                "UPDATE lifespan SET ended_at = ? WHERE sku = ? AND ended_at IS NULL",
                (at.isoformat(), sku),
            )
            self._store.set_fact(_SHIFTS, orjson.dumps(shifts).decode())
        self.add(old.since(at) for old in former)
        return len(former)

    def prices(self) -> dict[str, Decimal]:
        """The sizes whose list prices were changed, with their prices a month now."""
        return {sku: Decimal(monthly) for sku, _, monthly in self._shifts()}

    def _shifts(self) -> list[list[str]]:
        shifts: list[list[str]] = orjson.loads(self._store.fact(_SHIFTS) or "[]")
        return shifts

    def _priced(self, rows: Iterable[tuple[str | None, ...]]) -> Iterator[Lifespan]:
        """The lifespans of rows, each with the price that was in force when it began."""
        shifts = self._shifts()
        for row in rows:
            life = _lifespan(row)
            met = [
                monthly
                for sku, since, monthly in shifts
                if sku == life.sku and datetime.fromisoformat(since) <= life.started_at
            ]
            yield replace(life, monthly=Decimal(met[-1])) if met else life

    def end(self, resource_ids: Iterable[str], at: datetime, kind: str | None = None) -> None:
        """Ends the open lifespans of these resources, of one billed kind or of all."""
        self.version += 1
        condition = "" if kind is None else "AND kind = ?"
        self._store.connection.execute(
            "UPDATE lifespan SET ended_at = ? WHERE ended_at IS NULL "
            f"AND resource_id IN (SELECT value FROM json_each(?)) {condition}",
            (at.isoformat(), as_set(resource_ids), *([] if kind is None else [kind])),
        )

    def open_lifespans(self, resource_id: str) -> list[Lifespan]:
        """The currently billed lifespans of a resource."""
        found = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM lifespan WHERE resource_id = ? AND ended_at IS NULL "
            "ORDER BY id",
            (resource_id,),
        )
        return list(self._priced(found))

    def overlapping(self, start: datetime, end: datetime) -> Iterator[Lifespan]:
        """Every lifespan that overlaps the half-open period, oldest record first."""
        found = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM lifespan "
            "WHERE started_at < ? AND (ended_at IS NULL OR ended_at > ?) ORDER BY id",
            (end.isoformat(), start.isoformat()),
        )
        yield from self._priced(found)


def _stored(value: object) -> str | None:
    """A field of a lifespan, in its column's format."""
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else str(value)


def _lifespan(row: tuple[str | None, ...]) -> Lifespan:
    found: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    ended_at = found["ended_at"]
    found |= {
        "quantity": Decimal(found["quantity"]),
        "started_at": datetime.fromisoformat(found["started_at"]),
        "ended_at": None if ended_at is None else datetime.fromisoformat(ended_at),
    }
    return Lifespan(**found)
