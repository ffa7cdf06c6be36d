"""Quotes that are kept, and their ids, which say when they were made."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.catalog.quoting.proofs import Proof

__all__ = ["StoredQuote", "day_of", "new_id"]


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
