"""Quotes that are kept, and their ids, which say when they were made."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.catalog.quoting.proofs import Proof

__all__ = ["Kept", "NewQuote", "StoredQuote", "day_of", "new_id"]


@dataclass(frozen=True, slots=True)
class StoredQuote:
    """A quote as it is kept: whose it is, its proof, and what was answered.

    `tenant_id` is empty for an operator's own. `answer` is the quote in the form in which it
    was answered, without its proof and without what is for operators only.
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
    """A quote that is to be kept."""

    quote: StoredQuote
    revision: str
    """Of the catalog that it was priced from."""
    quota: int | None
    """How many its tenant may make in a day; None where it is not counted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a quote that was to be kept."""

    is_current: bool
    """Whether it was priced from the catalog as it is now; else it is not kept."""
    made: int
    """How many its tenant made in its day, with this one if it is kept; 0 where uncounted."""
    over_quota: bool
    """Whether it would be one too many; then it is not kept."""

    @property
    def is_kept(self) -> bool:
        """Whether it is kept and committed."""
        return self.is_current and not self.over_quota


def new_id(now: datetime) -> UUID:
    """A UUID of version 7: ascending with time, and it tells its instant."""
    milliseconds = int(now.timestamp() * 1000)
    # The id is no secret, and asking the system for chance costs more than all the rest.
    chance = random.getrandbits(74)
    high, low = milliseconds << 16 | 0x7 << 12 | chance >> 62, 0x2 << 62 | chance & (1 << 62) - 1
    return UUID(int=high << 64 | low)


def day_of(identifier: UUID) -> date | None:
    """The day (UTC) on which an id was made; None for one that tells none that can be."""
    if identifier.version != 7:
        return None
    try:
        return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC).date()
    except (OverflowError, ValueError):
        return None
