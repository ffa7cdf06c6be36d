"""The caller of an RPC, and the scope of its rows."""

import math
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final

from services.common.errors import PermissionDenied, Unauthenticated

__all__ = [
    "ALL",
    "OPERATOR_ROLE",
    "Caller",
    "FormerCaller",
    "Scope",
    "current_caller",
    "set_caller",
]

OPERATOR_ROLE: Final = "platform-admin"
"""With a hyphen. `platform_admin` and `admin` give no operator power."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that a call may access: one tenant's, or all if `tenant_id` is None."""

    tenant_id: str | None

    @property
    def everything(self) -> bool:
        """Whether it covers all tenants."""
        return self.tenant_id is None


ALL: Final = Scope(None)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: a user with tenant and roles, or a program of this system."""

    subject: str
    tenant_id: str | None
    roles: frozenset[str]
    is_service: bool = False
    granted: bool = False
    """Whether one of `roles` acts as an operator in the called RPC."""
    expires_at: float = field(default=math.inf, compare=False)
    """When a user's token or key expires, in seconds since the epoch. Infinite for services."""
    issued_at: float = field(default=-math.inf, compare=False)
    """When a user's token was issued, in seconds since the epoch; without `iat`, long ago."""
    token_id: str | None = field(default=None, compare=False)
    """The `jti` of a user's token."""
    key_id: str | None = None
    """The caller's API key; None for a token."""
    may_create_keys: bool = False
    """Whether an API key may create and rotate keys."""

    @property
    def is_operator(self) -> bool:
        """Whether they have operator access in the called RPC."""
        return not self.is_service and (self.granted or OPERATOR_ROLE in self.roles)

    def as_operator(self) -> "Caller":
        """The same caller, acting as an operator in one RPC."""
        return replace(self, granted=True)

    @property
    def scope(self) -> Scope:
        """The caller's scope. Raises PermissionDenied for a non-operator without a tenant."""
        if self.is_service or self.is_operator:
            return ALL
        if not self.tenant_id:
            raise PermissionDenied("the token names no tenant", reason="TENANT_REQUIRED")
        return Scope(self.tenant_id)


class FormerCaller(Unauthenticated):
    """A key or token is no longer valid; `caller` is for the audit log only."""

    def __init__(self, message: str, *, reason: str, caller: Caller) -> None:
        super().__init__(message, reason=reason)
        self.caller = caller


_caller: ContextVar[Caller] = ContextVar("arcadia_caller")


def current_caller() -> Caller:
    """The caller of the current RPC.

    Raises Unauthenticated in a public RPC that was called without a token.
    """
    try:
        return _caller.get()
    except LookupError:
        raise Unauthenticated("a token is required", reason="TOKEN_MISSING") from None


def set_caller(caller: Caller) -> None:
    """Sets the caller of this task and of the tasks that it starts."""
    _caller.set(caller)
