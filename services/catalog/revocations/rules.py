"""Revocations of tokens: what they match, and how long they are stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.common.errors import InvalidArgument, ResourceExhausted

__all__ = [
    "MAX_OF_OPERATORS",
    "MAX_OF_TENANTS",
    "MAX_REVOCATIONS",
    "Target",
    "TokenRevocation",
    "check_count",
    "check_target",
    "forgotten_at",
]

MAX_REVOCATIONS: Final = 200
"""Maximum per tenant: every service keeps all of them in memory."""

MAX_OF_TENANTS: Final = 20_000
"""Maximum of all tenants together."""

MAX_OF_OPERATORS: Final = 1_000
"""Maximum of those that name no tenant; tenants cannot use it up."""

MAX_BYTES: Final = 255
"""Maximum size of a subject or token id."""

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


def check_target(target: Target) -> None:
    """Raises InvalidArgument if it would match all tokens, or if a name is too long."""
    for field, value in (("subject", target.subject), ("token_id", target.token_id)):
        if len(value.encode()) > MAX_BYTES:
            raise InvalidArgument(
                field, f"must not be longer than {MAX_BYTES} bytes", reason="OUT_OF_RANGE"
            )
    if not (target.tenant_id or target.subject or target.token_id):
        raise InvalidArgument(
            "subject", "name a subject, a tenant or a token", reason="FIELD_REQUIRED"
        )


def forgotten_at(revoked_at: datetime, longest_life: timedelta) -> datetime:
    """The time from which no revoked token can be valid anyway."""
    return revoked_at + longest_life + MARGIN


def check_count(target: Target, of_owner: int, of_tenants: int) -> None:
    """Raises ResourceExhausted at a maximum number of revocations.

    A tenant's one revocation of all its tokens is always possible.
    """
    if target.tenant_id and not target.subject and not target.token_id:
        return
    most = MAX_REVOCATIONS if target.tenant_id else MAX_OF_OPERATORS
    if of_owner >= most or (target.tenant_id and of_tenants >= MAX_OF_TENANTS):
        raise ResourceExhausted(
            "there are too many revocations already: revoke all tokens of the tenant instead",
            reason="TOO_MANY_REVOCATIONS",
        )
