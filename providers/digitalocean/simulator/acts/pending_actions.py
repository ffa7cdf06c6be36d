"""Running actions, stored so that a restarted simulator completes them."""

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from providers.digitalocean.simulator.state import Store

__all__ = ["Effect", "Pending", "PendingActions"]


@dataclass(frozen=True)
class Effect:
    """The effect of an action on a droplet when it completes."""

    action: str
    """The action's type: `create`, `resize`, `power_off`, …"""
    droplet_id: str
    argument: str = ""
    """The new size, name or image, or the snapshot's name."""
    disk: bool = False
    """For a resize: whether the disk grows with it."""


@dataclass(frozen=True)
class Pending:
    """An action that completes at `due`, by the simulator's clock."""

    action_id: int
    due: datetime
    effect: Effect


class PendingActions:
    """The table of pending actions; caches the next due time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = self._read_next()

    def _read_next(self) -> str | None:
        (due,) = self._store.connection.execute("SELECT min(due) FROM pending").fetchone()
        return None if due is None else str(due)

    def add(self, pending: Pending) -> None:
        """Adds a started action."""
        effect = orjson.dumps(asdict(pending.effect)).decode()
        self._store.connection.execute(
            "INSERT INTO pending VALUES (?, ?, ?)",
            (pending.action_id, pending.due.isoformat(), effect),
        )
        self._next = self._read_next()

    def due(self, now: datetime) -> list[Pending]:
        """The due actions, earliest first; they stay pending."""
        if self._next is None or self._next > now.isoformat():
            return []
        found = self._store.connection.execute(
            "SELECT action_id, due, effect FROM pending WHERE due <= ? ORDER BY due, action_id",
            (now.isoformat(),),
        ).fetchall()
        return [
            Pending(action_id, datetime.fromisoformat(due), Effect(**orjson.loads(effect)))
            for action_id, due, effect in found
        ]

    def remove(self, action_id: int) -> None:
        """Removes a completed action."""
        self._store.connection.execute("DELETE FROM pending WHERE action_id = ?", (action_id,))
        self._next = self._read_next()

    def of_droplet(self, droplet_id: str) -> bool:
        """Whether an action of this droplet is running."""
        found = self._store.connection.execute(
            "SELECT 1 FROM pending WHERE json_extract(effect, '$.droplet_id') = ?", (droplet_id,)
        ).fetchone()
        return found is not None

    def forget(self) -> None:
        """Clears the cache, after the table was emptied."""
        self._next = self._read_next()
