"""Revocations of tokens: what they name, and how long they are kept."""

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
"""Of a tenant, or of the operator: every service keeps them all in memory."""

MARGIN: Final = timedelta(minutes=2)
"""Beside a token's longest life, for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Target:
    """Names tokens; what is empty applies to any."""

    tenant_id: str
    subject: str
    token_id: str


@dataclass(frozen=True, slots=True)
class TokenRevocation:
    """Refuses the tokens issued until `revoked_at` to which all that it names applies."""

    id: UUID
    target: Target
    reason: str
    revoked_by: str
    revoked_at: datetime
    ends_at: datetime


def check_named(target: Target) -> None:
    """Raises InvalidArgument for what would refuse everybody's tokens."""
    if not (target.tenant_id or target.subject or target.token_id):
        raise InvalidArgument(
            "subject", "name a subject, a tenant or a token", reason="FIELD_REQUIRED"
        )


def forgotten_at(revoked_at: datetime, longest_life: timedelta) -> datetime:
    """From when on no token that is refused can be alive."""
    return revoked_at + longest_life + MARGIN


def check_count(live: int) -> None:
    """Raises ResourceExhausted for one revocation more than there may be."""
    if live >= MAX_REVOCATIONS:
        raise ResourceExhausted(
            f"there are {live} revocations already: revoke all tokens of the tenant instead",
            reason="TOO_MANY_REVOCATIONS",
        )
