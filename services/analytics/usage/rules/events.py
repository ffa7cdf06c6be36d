"""Usage events as they are sent in, and why one cannot count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from services.analytics.usage.rules.owners import Owner
from services.common.values.money import plain

__all__ = [
    "EventKey",
    "OwnedEvent",
    "Receipt",
    "Refusal",
    "SentEvent",
    "Sifted",
    "refusal_of_time",
    "sift",
]

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
    tenant_id: str
    """The deployment's; empty where it is named by its id."""
    deployment: str
    """As it was named: its id, or its slug."""
    resource_kind: str
    qty: Decimal
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class EventKey:
    """What names an event among all."""

    index: int
    """Its place in the batch, from 0."""
    source: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class OwnedEvent:
    """An event whose deployment the catalog knows."""

    sent: SentEvent
    owner: Owner

    @property
    def day(self) -> date:
        """The day (UTC) that it counts for."""
        return self.sent.occurred_at.date()

    @property
    def key(self) -> tuple[str, str]:
        """What names it among all events."""
        return self.sent.source, self.sent.idempotency_key

    @property
    def digest(self) -> int:
        """What it says, in 64 bits: the same key must always say the same.

        The deployment counts by its id, so that an event is the same whichever way it names it.
        """
        return self._digest_by(self.owner.deployment_id)

    def says(self, digest: int) -> bool:
        """Whether a digest that was kept is of this event.

        Earlier releases kept the deployment as it was named: by its id, or by its slug.
        """
        names = (self.owner.deployment_id, self.owner.slug, self.sent.deployment)
        return any(digest == self._digest_by(name) for name in names)

    def _digest_by(self, deployment: str) -> int:
        sent = self.sent
        said = f"{deployment}\0{sent.resource_kind}\0{plain(sent.qty)}\0{sent.occurred_at}"
        return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that cannot count."""

    index: int
    idempotency_key: str
    reason: str
    message: str

    @classmethod
    def of_reused_key(cls, event: OwnedEvent) -> "Refusal":
        """Its key named another event before."""
        return cls(
            event.sent.index,
            event.sent.idempotency_key,
            "KEY_REUSED",
            "idempotency_key: named another event of this source before",
        )

    @classmethod
    def of_unknown_key(cls, key: EventKey) -> "Refusal":
        """No event was ever taken in under it."""
        return cls(
            key.index,
            key.idempotency_key,
            "NOT_FOUND",
            f"idempotency_key: {key.source[:100]!r} sent no event {key.idempotency_key[:100]!r}",
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch."""

    accepted: int
    duplicates: int
    late: int
    """Of the accepted ones: of a month that is closed."""
    refused: Sequence[Refusal]
    voided: Sequence[int] = ()
    """Of the duplicates, by their place in the batch: those that were voided before."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch, each key once."""

    events: Sequence[OwnedEvent]
    """In the order of their keys."""
    duplicates: int
    refused: Sequence[Refusal]


def sift(events: Iterable[OwnedEvent]) -> Sifted:
    """Each key once: the same again is a duplicate, something else under it is refused."""
    by_key: dict[tuple[str, str], OwnedEvent] = {}
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
