"""Who calls, and whose rows they may see."""

import math
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final

from services.common.errors import PermissionDenied, Unauthenticated

__all__ = ["ALL", "OPERATOR_ROLE", "Caller", "Scope", "current_caller", "set_caller"]

OPERATOR_ROLE: Final = "platform-admin"
"""With a hyphen. `platform_admin` and `admin` give no operator power."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a call may touch: one tenant's, or everybody's when `tenant_id` is None."""

    tenant_id: str | None

    @property
    def everything(self) -> bool:
        """Whether no tenant bounds it."""
        return self.tenant_id is None


ALL: Final = Scope(None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a user with their tenant and roles, or one of our own services."""

    subject: str
    tenant_id: str | None
    roles: frozenset[str]
    is_service: bool = False
    granted: bool = False
    """Whether the RPC that is called lets one of `roles` act as an operator in it."""
    expires_at: float = field(default=math.inf, compare=False)
    """When a user's proof ends, in seconds since the epoch. A service's calls are short."""
    issued_at: float = field(default=-math.inf, compare=False)
    """When a user's token was issued, in seconds since the epoch; without `iat` long ago."""
    token_id: str | None = field(default=None, compare=False)
    """The `jti` of a user's token."""
    key_id: str | None = None
    """The API key that proves them; None for a token."""
    may_create_keys: bool = False
    """Whether an API key may create and rotate keys."""

    @property
    def is_operator(self) -> bool:
        """Whether they see and change everything that the RPC which is called reaches."""
        return not self.is_service and (self.granted or OPERATOR_ROLE in self.roles)

    def as_operator(self) -> "Caller":
        """The same caller, acting as an operator in one RPC."""
        return replace(self, granted=True)

    @property
    def scope(self) -> Scope:
        """Whose rows they see. A user who is no operator must have a tenant."""
        if self.is_service or self.is_operator:
            return ALL
        if not self.tenant_id:
            raise PermissionDenied("the token names no tenant", reason="TENANT_REQUIRED")
        return Scope(self.tenant_id)


_caller: ContextVar[Caller] = ContextVar("arcadia_caller")


def current_caller() -> Caller:
    """The caller of the RPC that is being answered.

    Raises Unauthenticated on a public RPC that was called without a token.
    """
    try:
        return _caller.get()
    except LookupError:
        raise Unauthenticated("a token is required", reason="TOKEN_MISSING") from None


def set_caller(caller: Caller) -> None:
    """Makes `caller` the current one in this task and what it starts."""
    _caller.set(caller)
