"""Revocations of tokens: what they match, and how long they are stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.common.errors import InvalidArgument, ResourceExhausted

__all__ = [
    "MAX_REVOCATIONS",
    "Target",
    "TokenRevocation",
    "check_count",
    "check_named",
    "forgotten_at",
]

MAX_REVOCATIONS: Final = 1_000
"""Maximum per tenant, or for the operator: every service keeps all of them in memory."""

MARGIN: Final = timedelta(minutes=2)
"""Added to the maximum lifetime of a token, for clock skew."""


@dataclass(frozen=True, slots=True)
class Target:
    """Matches tokens; empty fields match any."""

    tenant_id: str
    subject: str
    token_id: str


@dataclass(frozen=True, slots=True)
class TokenRevocation:
    """Revokes the tokens issued until `revoked_at` that match all its fields."""

    id: UUID
    target: Target
    reason: str
    revoked_by: str
    revoked_at: datetime
    ends_at: datetime


def check_named(target: Target) -> None:
    """Raises InvalidArgument if it would match all tokens."""
    if not (target.tenant_id or target.subject or target.token_id):
        raise InvalidArgument(
            "subject", "name a subject, a tenant or a token", reason="FIELD_REQUIRED"
        )


def forgotten_at(revoked_at: datetime, longest_life: timedelta) -> datetime:
    """The time from which no revoked token can be valid anyway."""
    return revoked_at + longest_life + MARGIN


def check_count(live: int) -> None:
    """Raises ResourceExhausted at the maximum number of revocations."""
    if live >= MAX_REVOCATIONS:
        raise ResourceExhausted(
            f"there are already {live} revocations: revoke all tokens of the tenant instead",
            reason="TOO_MANY_REVOCATIONS",
        )
