"""Tokens that are refused before their end: by subject, by tenant or by their `jti`.

Revocations are made in the catalog. Each service asks for the list every two seconds and keeps
it in memory, so that a check costs no call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from services.common.errors import ArcadiaError, Unauthenticated, Unavailable
from services.common.identity.callers import Caller

__all__ = ["LiveRevocations", "Revocation", "Revocations"]

REFRESH_SECONDS: Final = 2.0

log = structlog.get_logger("revocations")


@dataclass(frozen=True, slots=True)
class Revocation:
    """Refuses the tokens to which all that it names applies; it names at least one."""

    tenant_id: str | None
    subject: str | None
    token_id: str | None
    revoked_at: float
    """Tokens issued later than this, in seconds since the epoch, are not refused."""


@dataclass(frozen=True, slots=True)
class LiveRevocations:
    """All revocations of tokens that may still live, at one moment."""

    version: str
    """Differs whenever the list does."""
    revocations: tuple[Revocation, ...] = ()


class Revocations:
    """The list as this process last learned it.

    While the catalog does not answer, the last list holds: nobody revokes anything then either.
    `required` is for a process that must not accept tokens before it learned a first list.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[LiveRevocations | None]],
        *,
        required: bool = False,
    ) -> None:
        self._fetch = fetch
        self._required = required
        self._version = ""
        self._failing = False
        self._revoked: dict[tuple[str | None, str | None, str | None], float] = {}

    def check(self, caller: Caller) -> None:
        """Raises Unauthenticated when the caller's token is revoked.

        Raises Unavailable when a first list is required and not there yet.
        """
        if not self._version and self._required:
            raise Unavailable(
                "which tokens are revoked is not known yet", reason="REVOCATIONS_UNKNOWN"
            )
        if self._revoked and any(
            (revoked_at := self._revoked.get((tenant, subject, token))) is not None
            and caller.issued_at <= revoked_at
            for tenant in (caller.tenant_id, None)
            for subject in (caller.subject, None)
            for token in (caller.token_id, None)
        ):
            raise Unauthenticated("the token was revoked", reason="TOKEN_REVOKED")

    async def refresh(self) -> None:
        """Learns the list where it changed; keeps the last one when the catalog does not answer."""
        try:
            found = await self._fetch(self._version)
        except ArcadiaError as error:
            if not self._failing:
                log.warning("revocations not learned", error=error.message)
            self._failing = True
            return
        self._failing = False
        if found is not None:
            self._version = found.version
            self._revoked = {
                (each.tenant_id, each.subject, each.token_id): each.revoked_at
                for each in found.revocations
            }

    async def run(self) -> None:
        """Keeps the list fresh until it is cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)
