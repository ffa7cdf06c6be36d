"""Revoked tokens: by subject, tenant or `jti`.

Revocations are stored in the catalog. Each service fetches the list every two seconds and keeps it
in memory, so that a check needs no call.
"""

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from services.common.background import repeated
from services.common.errors import ArcadiaError, Unavailable
from services.common.identity.callers import Caller, FormerCaller

__all__ = ["LiveRevocations", "Revocation", "Revocations"]

REFRESH_SECONDS: Final = 2.0

STALE_SECONDS: Final = 30.0
"""Age of the list from which the service says that it is out of date, and how often."""

log = structlog.get_logger("revocations")


@dataclass(frozen=True, slots=True)
class Revocation:
    """Revokes the tokens that match all its fields, of which at least one is set."""

    tenant_id: str | None
    subject: str | None
    token_id: str | None
    revoked_at: float
    """Tokens issued later than this, in seconds since the epoch, are not revoked."""


@dataclass(frozen=True, slots=True)
class LiveRevocations:
    """A snapshot of all revocations of unexpired tokens."""

    version: str
    """Changes whenever the list changes."""
    revocations: tuple[Revocation, ...] = ()


class Revocations:
    """The last list that this process fetched.

    If the catalog does not answer, the last list applies; nothing can be revoked then anyway.
    `required` is for a process that must not accept tokens before the first list.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[LiveRevocations | None]],
        *,
        required: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._learned_at: float | None = None
        """When the list was fetched last; at first when that was first tried."""
        self._said_at = -math.inf
        self._required = required
        self._version = ""
        self._failing = False
        self._revoked: dict[tuple[str | None, str | None, str | None], float] = {}

    def check(self, caller: Caller) -> None:
        """Raises FormerCaller if the caller's token is revoked.

        Raises Unavailable if a first list is required but not fetched yet.
        """
        if not self._version and self._required:
            raise Unavailable(
                "the list of revoked tokens is not available yet", reason="REVOCATIONS_UNKNOWN"
            )
        if self._revoked and any(
            (revoked_at := self._revoked.get((tenant, subject, token))) is not None
            and caller.issued_at <= revoked_at
            for tenant in (caller.tenant_id, None)
            for subject in (caller.subject, None)
            for token in (caller.token_id, None)
        ):
            raise FormerCaller("the token was revoked", reason="TOKEN_REVOKED", caller=caller)

    async def refresh(self) -> None:
        """Fetches the list if it changed; keeps the last one if the catalog does not answer."""
        if self._learned_at is None:
            self._learned_at = self._clock()
        self._say_if_stale()
        try:
            found = await self._fetch(self._version)
        except ArcadiaError as error:
            if not self._failing:
                log.warning("revocations not learned", error=error.message)
            self._failing = True
            return
        self._failing = False
        self._learned_at = self._clock()
        if found is not None:
            self._version = found.version
            self._revoked = {
                (each.tenant_id, each.subject, each.token_id): each.revoked_at
                for each in found.revocations
            }

    @property
    def stale(self) -> bool:
        """Whether newer revocations may not be known."""
        return self._age() > STALE_SECONDS

    def _age(self) -> float:
        return 0.0 if self._learned_at is None else self._clock() - self._learned_at

    def _say_if_stale(self) -> None:
        now = self._clock()
        if self.stale and now - self._said_at > STALE_SECONDS:
            self._said_at = now
            log.error(
                "revocations out of date: tokens revoked meanwhile are accepted",
                age_seconds=int(self._age()),
            )

    async def run(self) -> None:
        """Refreshes the list until it is cancelled."""
        await repeated(self.refresh, every=REFRESH_SECONDS)
