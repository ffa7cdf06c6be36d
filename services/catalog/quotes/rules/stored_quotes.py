"""Stored quotes and their time-ordered ids."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.catalog.quoting.proofs.proof import Proof

__all__ = ["Kept", "NewQuote", "StoredQuote", "day_of", "new_id"]


@dataclass(frozen=True, slots=True)
class StoredQuote:
    """A stored quote: tenant, proof and response.

    `tenant_id` is empty for an operator's own. `answer` is the returned quote, without its proof
    and without operator-only fields.
    """

    id: UUID
    tenant_id: str
    requested_by: str
    subscription_id: UUID | None
    proof: Proof
    answer: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewQuote:
    """A quote to store."""

    quote: StoredQuote
    revision: str
    """The revision of the catalog that it was priced from."""
    quota: int | None
    """The tenant's maximum per day; None if not counted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The result of storing a quote."""

    is_current: bool
    """Whether it was priced from the current catalog; otherwise it is not stored."""
    made: int
    """The tenant's count of the day, including this one if stored; 0 if not counted."""
    over_quota: bool
    """Whether it exceeds the maximum; then it is not stored."""

    @property
    def is_kept(self) -> bool:
        """Whether it is stored and committed."""
        return self.is_current and not self.over_quota


def new_id(now: datetime) -> UUID:
    """A UUID version 7, which contains its time and ascends with it."""
    milliseconds = int(now.timestamp() * 1000)
    # The id is not a secret, and system randomness would cost more than everything else here.
    chance = random.getrandbits(74)
    high, low = milliseconds << 16 | 0x7 << 12 | chance >> 62, 0x2 << 62 | chance & (1 << 62) - 1
    return UUID(int=high << 64 | low)


def day_of(identifier: UUID) -> date | None:
    """The UTC day of an id; None if it has no valid time."""
    if identifier.version != 7:
        return None
    try:
        return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC).date()
    except (OverflowError, ValueError):
        return None
