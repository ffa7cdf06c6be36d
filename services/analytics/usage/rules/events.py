"""Usage events, and the reasons to reject one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from kinds.metering import Aggregation, Basis
from services.analytics.usage.rules.figures import Owner
from services.common.values.money import plain

__all__ = [
    "EventKey",
    "OwnedEvent",
    "Receipt",
    "Refusal",
    "SentEvent",
    "Sifted",
    "in_order",
    "refusal_of_time",
    "sift",
]

AHEAD: Final = timedelta(minutes=5)
"""How far the sender's clock may be ahead."""

UNIQUE_BYTES: Final = 16
"""Length of the digest of a unique value: two of a billion values are equal once in 10²⁰ times."""

OLDEST: Final = timedelta(days=400)
"""Older events are rejected as mistakes."""


@dataclass(frozen=True, slots=True)
class SentEvent:
    """A valid event of a batch."""

    index: int
    """Its position in the batch, from 0."""
    source: str
    idempotency_key: str
    tenant_id: str
    """The deployment's tenant; empty if the deployment is given by id."""
    deployment: str
    """The deployment as sent: its id or its slug."""
    resource_kind: str
    qty: Decimal
    occurred_at: datetime
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """By keys that the meter declares."""
    aggregation: Aggregation = Aggregation.SUM
    basis: Basis = Basis.EVENTS
    """Both of the meter."""
    unique_value: str = ""
    """What a meter of unique values counts once a month; empty for all other meters."""
    is_of_retired_meter: bool = False
    """Whether it happened after its meter was retired: it can only be a duplicate."""

    @property
    def is_level(self) -> bool:
        """Whether its quantity holds until the next event."""
        return self.aggregation is Aggregation.TIME_WEIGHTED


@dataclass(frozen=True, slots=True)
class EventKey:
    """The key of an event."""

    index: int
    """Its position in the batch, from 0."""
    source: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class OwnedEvent:
    """An event with a resolved deployment."""

    sent: SentEvent
    owner: Owner

    @property
    def day(self) -> date:
        """Its day in UTC."""
        return self.sent.occurred_at.date()

    @property
    def key(self) -> tuple[str, str]:
        """Its key."""
        return self.sent.source, self.sent.idempotency_key

    @property
    def unique_digest(self) -> bytes | None:
        """A digest of its unique value, which may be personal and is not kept itself.

        It differs by deployment and meter, so it tells nothing across them.
        """
        sent = self.sent
        if not sent.unique_value:
            return None
        owner = f"{self.owner.tenant_id}\0{self.owner.deployment_id}\0{sent.resource_kind}"
        said = f"{owner}\0{sent.unique_value}"
        return blake2b(said.encode(), digest_size=UNIQUE_BYTES).digest()

    @property
    def digest(self) -> int:
        """A 64-bit digest of its content, to detect a key reused for other content.

        It includes the deployment's id, so that sending the id or the slug gives the same digest.
        """
        return self._digest_by(self.owner.deployment_id)

    def has_digest(self, digest: int) -> bool:
        """Whether a stored digest is of this event.

        Earlier releases digested the deployment as sent: its id or its slug.
        """
        names = (self.owner.deployment_id, self.owner.slug, self.sent.deployment)
        return any(digest == self._digest_by(name) for name in names)

    def _digest_by(self, deployment: str) -> int:
        sent = self.sent
        said = f"{deployment}\0{sent.resource_kind}\0{plain(sent.qty)}\0{sent.occurred_at}"
        # Without dimensions, the digest that releases before they were known have stored.
        said += "".join(f"\0{key}={value}" for key, value in sorted(sent.dimensions.items()))
        if sent.unique_value:
            said += f"\0\0{sent.unique_value}"
        return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rejected event."""

    index: int
    idempotency_key: str
    reason: str
    message: str

    @classmethod
    def of_reused_key(cls, event: OwnedEvent) -> "Refusal":
        """Rejection of a key reused for another event."""
        return cls(
            event.sent.index,
            event.sent.idempotency_key,
            "KEY_REUSED",
            "idempotency_key: was already used for another event of this source",
        )

    @classmethod
    def of_retired_meter(cls, event: OwnedEvent) -> "Refusal":
        """Rejection of a new event of a meter that was retired before it happened."""
        return cls(
            event.sent.index,
            event.sent.idempotency_key,
            "METER_RETIRED",
            f"resource_kind: the meter {event.sent.resource_kind} is retired and takes no events",
        )

    @classmethod
    def of_unknown_key(cls, key: EventKey) -> "Refusal":
        """Rejection of a key without an event."""
        return cls(
            key.index,
            key.idempotency_key,
            "NOT_FOUND",
            f"idempotency_key: {key.source[:100]!r} has no event {key.idempotency_key[:100]!r}",
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """The results of a batch."""

    accepted_count: int
    duplicate_count: int
    late_count: int
    """The accepted events of a closed month."""
    refused: Sequence[Refusal]
    """By position in the batch."""
    voided_indexes: Sequence[int] = ()
    """The duplicates that were voided before, by position in the batch."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch without repeated keys."""

    events: Sequence[OwnedEvent]
    """Sorted by key."""
    duplicates: int
    refused: Sequence[Refusal]
    of_retired: Sequence[OwnedEvent] = ()
    """Those that happened after their meter was retired, which can only be duplicates."""


def sift(events: Iterable[OwnedEvent]) -> Sifted:
    """Removes repeated keys: equal content is a duplicate, other content is rejected."""
    by_key: dict[tuple[str, str], OwnedEvent] = {}
    duplicates = 0
    refused, of_retired = [], []
    for event in events:
        if event.sent.is_of_retired_meter:
            of_retired.append(event)
            continue
        first = by_key.setdefault(event.key, event)
        if first is event:
            continue
        if first.digest == event.digest:
            duplicates += 1
        else:
            refused.append(Refusal.of_reused_key(event))
    return Sifted([by_key[key] for key in sorted(by_key)], duplicates, refused, of_retired)


def in_order(refused: Iterable[Refusal]) -> list[Refusal]:
    """The refused events, ordered by position in the batch."""
    return sorted(refused, key=lambda refusal: refusal.index)


def refusal_of_time(occurred_at: datetime, now: datetime) -> str:
    """Why the time of an event is invalid; empty if it is valid."""
    if occurred_at > now + AHEAD:
        return "is in the future"
    if occurred_at < now - OLDEST:
        return f"is more than {OLDEST.days} days ago"
    return ""
