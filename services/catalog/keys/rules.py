"""API keys: who may create which, their lifetime, and their number per owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.common.errors import (
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from services.common.identity.callers import OPERATOR_ROLE, Caller

__all__ = [
    "DEFAULT_OVERLAP",
    "MAX_OPERATOR_KEYS",
    "MAX_OVERLAP",
    "PLATFORM_ROLES",
    "TENANT_ROLES",
    "ApiKey",
    "KeyStatus",
    "Powers",
    "check_can_rotate",
    "check_creator",
    "check_end",
    "check_manages",
    "check_may_give",
    "check_may_rotate",
    "check_operator_keys",
    "check_roles",
    "ends_at_of",
]

PLATFORM_ROLES: Final = frozenset(
    {OPERATOR_ROLE, "platform-billing", "platform-operations", "platform-viewer"}
)
TENANT_ROLES: Final = frozenset({"admin", "billing"})

MAX_OPERATOR_KEYS: Final = 200
"""Maximum valid keys of the operator; a tenant has a limit of its own."""

DEFAULT_LIFE: Final = timedelta(days=365)
MAX_LIFE: Final = timedelta(days=731)
DEFAULT_OVERLAP: Final = timedelta(days=1)
MAX_OVERLAP: Final = timedelta(days=30)


class KeyStatus(StrEnum):
    """The status of a key."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Powers:
    """The permissions of a key."""

    tenant_id: str | None
    """None for a key of the operator."""
    roles: frozenset[str]
    may_create_keys: bool


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key without the hashes of its secrets."""

    id: UUID
    name: str
    powers: Powers
    created_at: datetime
    created_by: str
    ends_at: datetime
    last_used_at: datetime | None
    rotated_at: datetime | None
    previous_ends_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    revoked_reason: str

    def status(self, now: datetime) -> KeyStatus:
        """Its status now."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        return KeyStatus.ACTIVE if now < self.ends_at else KeyStatus.EXPIRED


def check_manages(caller: Caller) -> None:
    """Raises PermissionDenied unless the caller may manage the keys and tokens that they see.

    A tenant's caller needs `admin`, even if tenant roles are not enforced otherwise.
    """
    if not caller.is_operator and "admin" not in caller.roles:
        raise PermissionDenied("this needs the role admin", reason="ROLE_REQUIRED")


def check_roles(powers: Powers) -> None:
    """Raises InvalidArgument for roles that a key of this owner cannot have."""
    of_tenant = powers.tenant_id is not None
    known = TENANT_ROLES if of_tenant else PLATFORM_ROLES
    if wrong := sorted(powers.roles - known):
        owner = "a tenant" if of_tenant else "the operator"
        raise InvalidArgument(
            "roles",
            f"{wrong[0]!r} is not one of {', '.join(sorted(known))}, the roles of a key of {owner}",
            reason="UNKNOWN_ROLE",
        )
    if not of_tenant and not powers.roles:
        raise InvalidArgument(
            "roles", "name at least one for a key of the operator", reason="FIELD_REQUIRED"
        )


def check_may_give(caller: Caller, powers: Powers) -> None:
    """Raises PermissionDenied if the key would have more permissions than the caller."""
    check_manages(caller)
    if caller.key_id is not None and not caller.may_create_keys:
        raise PermissionDenied(
            "this API key may not create or rotate keys", reason="KEY_MAY_NOT_CREATE_KEYS"
        )
    if OPERATOR_ROLE in caller.roles:
        return
    if powers.tenant_id is None or powers.tenant_id != caller.tenant_id:
        raise PermissionDenied(
            f"only {OPERATOR_ROLE} may create keys of the operator or of other tenants",
            reason="ROLE_REQUIRED",
        )
    # Who manages keys is the tenant's admin, who may do what any role of a tenant may.
    if missing := sorted(powers.roles - caller.roles - TENANT_ROLES):
        raise PermissionDenied(f"you do not have the role {missing[0]}", reason="ROLE_REQUIRED")


def check_may_rotate(caller: Caller, key: ApiKey) -> None:
    """Raises PermissionDenied unless the caller may have the new secret of the key.

    A key gets no secret but its own: a leaked one would otherwise act as others.
    """
    check_may_give(caller, key.powers)
    if caller.key_id is not None and caller.key_id != str(key.id):
        raise PermissionDenied(
            "an API key may rotate only itself: call with a token",
            reason="KEY_MAY_ROTATE_ONLY_ITSELF",
        )


def check_creator(key: ApiKey, now: datetime) -> None:
    """Raises Unauthenticated if the key that creates another has ended since it was proved."""
    if key.status(now) is not KeyStatus.ACTIVE:
        raise Unauthenticated("the API key is unknown or revoked", reason="KEY_INVALID")


def ends_at_of(said: datetime | None, now: datetime, caller: Caller) -> datetime:
    """The end of a new key: as requested, or a year from now.

    Raises what `check_end` raises.
    """
    if said is not None:
        check_end(said, now, caller)
        return said
    default = (now + DEFAULT_LIFE).timestamp()
    if caller.key_id is not None:
        default = min(default, caller.expires_at)
    return datetime.fromtimestamp(default, tz=now.tzinfo)


def check_end(ends_at: datetime, now: datetime, caller: Caller) -> None:
    """Raises InvalidArgument for an end that is in the past or too late.

    A key that creates or rotates another cannot outlast itself with it.
    """
    if ends_at <= now:
        raise InvalidArgument("ends_at", "is not in the future", reason="OUT_OF_RANGE")
    if ends_at > now + MAX_LIFE:
        raise InvalidArgument(
            "ends_at", f"is more than {MAX_LIFE.days} days from now", reason="OUT_OF_RANGE"
        )
    if caller.key_id is not None and ends_at.timestamp() > caller.expires_at:
        raise InvalidArgument(
            "ends_at", "is after the end of the key that you call with", reason="OUT_OF_RANGE"
        )


def check_operator_keys(working: int) -> None:
    """Raises ResourceExhausted if the operator has as many valid keys as allowed."""
    if working >= MAX_OPERATOR_KEYS:
        raise ResourceExhausted(
            f"the operator has {working} valid keys, and {MAX_OPERATOR_KEYS} are allowed:"
            " revoke one first",
            reason="TOO_MANY_KEYS",
        )


def check_can_rotate(key: ApiKey, now: datetime) -> None:
    """Raises FailedPrecondition for an expired or revoked key."""
    if (status := key.status(now)) is not KeyStatus.ACTIVE:
        raise FailedPrecondition(
            f"the key is {status}: create another", reason="KEY_ENDED", metadata={"status": status}
        )
