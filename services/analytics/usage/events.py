"""Usage events as they are sent in, and why one cannot count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from services.common.money import plain

__all__ = ["Receipt", "Refusal", "SentEvent", "Sifted", "refusal_of_time", "sift"]

AHEAD: Final = timedelta(minutes=5)
"""How far the clock of who counts may be before ours."""

OLDEST: Final = timedelta(days=400)
"""Older events than that are taken for mistakes."""


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event of a batch that reads well."""

    index: int
    """Its place in the batch, from 0."""
    source: str
    idempotency_key: str
    deployment: str
    """As it was named: an id, or a slug that only one tenant has."""
    resource_kind: str
    qty: Decimal
    occurred_at: datetime

    @property
    def day(self) -> date:
        """The day (UTC) that it counts for."""
        return self.occurred_at.date()

    @property
    def key(self) -> tuple[str, str]:
        """What names it among all events."""
        return self.source, self.idempotency_key

    @property
    def digest(self) -> int:
        """What it says, in 64 bits: the same key must always say the same."""
        said = f"{self.deployment}\0{self.resource_kind}\0{plain(self.qty)}\0{self.occurred_at}"
        return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that cannot count."""

    index: int
    idempotency_key: str
    reason: str
    message: str

    @classmethod
    def of_reused_key(cls, event: SentEvent) -> "Refusal":
        """Its key named another event before."""
        return cls(
            event.index,
            event.idempotency_key,
            "KEY_REUSED",
            "idempotency_key: named another event of this source before",
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch."""

    accepted: int
    duplicates: int
    late: int
    """Of the accepted ones: of a month that is closed."""
    refused: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch, each key once."""

    events: Sequence[SentEvent]
    """In the order of their keys."""
    duplicates: int
    refused: Sequence[Refusal]


def sift(events: Iterable[SentEvent]) -> Sifted:
    """Each key once: the same again is a duplicate, something else under it is refused."""
    by_key: dict[tuple[str, str], SentEvent] = {}
    duplicates = 0
    refused = []
    for event in events:
        first = by_key.setdefault(event.key, event)
        if first is event:
            continue
        if first.digest == event.digest:
            duplicates += 1
        else:
            refused.append(Refusal.of_reused_key(event))
    return Sifted([by_key[key] for key in sorted(by_key)], duplicates, refused)


def refusal_of_time(occurred_at: datetime, now: datetime) -> str:
    """Why an event cannot have happened then; empty when it can."""
    if occurred_at > now + AHEAD:
        return "is in the future"
    if occurred_at < now - OLDEST:
        return f"is more than {OLDEST.days} days ago"
    return ""
