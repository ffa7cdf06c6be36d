"""Open response streams: how many a caller may have, and for how long it is authenticated."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from services.common.errors import ResourceExhausted
from services.common.identity.callers import current_caller
from services.common.identity.tokens import TokenVerifier
from services.common.limits.declared import WATCH_STREAMS
from services.common.limits.shares import CallShares

__all__ = ["OpenStreams", "while_authenticated"]


class OpenStreams:
    """Counts the open streams of one method by tenant and operator; services are not limited."""

    def __init__(self, shares: CallShares | None, *, limited: bool) -> None:
        self._limited = limited
        self._shares = shares
        self._open: Counter[str] = Counter()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Counts a stream of the caller while it is open.

        Raises ResourceExhausted if the caller has too many open streams of this method.
        """
        if not self._limited or current_caller().is_service:
            yield
            return
        caller = current_caller()
        limit = WATCH_STREAMS.default if self._shares is None else self._shares.streams(caller)
        kind = "operator" if caller.is_operator else "tenant"
        owner = f"{kind} {caller.subject if caller.is_operator else caller.tenant_id}"
        if self._open[owner] >= limit:
            raise ResourceExhausted(
                f"this {kind} has {limit} such streams open", reason="TOO_MANY_STREAMS"
            )
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]


async def while_authenticated(
    answers: AsyncIterator[Any], verifier: TokenVerifier, authorization: str | None
) -> AsyncGenerator[Any]:
    """The responses of a stream, while the caller's token or key is valid.

    Raises the authentication error when it expires, is revoked, or cannot be verified.
    """
    clock: asyncio.Timeout | None = None
    proof = asyncio.create_task(verifier.until_unproven(authorization, current_caller()))

    def interrupt(done: asyncio.Task[NoReturn]) -> None:
        if not done.cancelled() and done.exception() and clock is not None:
            clock.reschedule(asyncio.get_running_loop().time())

    proof.add_done_callback(interrupt)
    try:
        while not proof.done():
            try:
                async with asyncio.timeout(None) as clock:
                    answer = await anext(answers)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if not proof.done():
                    raise
                break
            finally:
                clock = None
            yield answer
        await proof  # raises the reason
    finally:
        proof.cancel()
