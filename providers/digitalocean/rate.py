"""How many requests a token may still make, shared by all who use that token in this process.

DigitalOcean allows 5,000 requests an hour and, within a minute, 5 % of that: 250. The
hour is told by the headers of every answer, which know of other processes too; the
minute is not, so it is counted here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from providers.digitalocean.errors import RateLimited

__all__ = ["LONGEST_WAIT_SECONDS", "RateBudget", "RateBudgets"]

PER_MINUTE: Final = 250
MINUTE_SHARE_OF_HOUR: Final = 20
LONGEST_WAIT_SECONDS: Final = 65.0
"""Who would have to wait longer is told so instead: durable work waits better than a request."""


class RateBudget:
    """The budget of one token. Waiting callers are served in their order."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._per_minute = PER_MINUTE
        self._sent: deque[float] = deque()
        self._not_before = 0.0

    async def acquire(self) -> None:
        """Waits until one more request is allowed, and counts it.

        Raises RateLimited, with the time to wait, when that is longer than
        LONGEST_WAIT_SECONDS.
        """
        async with self._turn:
            wait = self._wait()
            if wait > LONGEST_WAIT_SECONDS:
                raise RateLimited("the token's budget is spent", wait)
            if wait > 0:
                await self._sleep(wait)
            self._sent.append(self._clock())

    def observe(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer's `ratelimit-*` headers; answers without them teach nothing."""
        try:
            limit = int(headers["ratelimit-limit"])
            remaining = int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            return
        self._per_minute = max(1, limit // MINUTE_SHARE_OF_HOUR)
        if remaining < self._per_minute:
            # The rest of the hour's budget is spread over the time until some comes back.
            self.pause(_seconds_until_reset(headers) / (remaining + 1))

    def pause(self, seconds: float) -> None:
        """Lets nobody pass for so long, as the provider asked."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    def _wait(self) -> float:
        now = self._clock()
        while self._sent and self._sent[0] <= now - 60:
            self._sent.popleft()
        wait = self._not_before - now
        if len(self._sent) >= self._per_minute:
            # The request that has to leave the minute before one more fits into it.
            leaving = self._sent[len(self._sent) - self._per_minute]
            wait = max(wait, leaving + 60 - now)
        return wait


def _seconds_until_reset(headers: Mapping[str, str]) -> float:
    """By the provider's own clock, which may differ from ours; between 0 and an hour."""
    try:
        reset = float(headers["ratelimit-reset"])
        date = headers.get("date")
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    except (KeyError, ValueError):
        return 0.0
    return min(max(reset - now.timestamp(), 0.0), 3600.0)


class RateBudgets:
    """One budget a token, so that clients with the same token share it."""

    def __init__(self) -> None:
        self._by_token: dict[str, RateBudget] = {}

    def of(self, token: str) -> RateBudget:
        """The budget of this token; made when first asked for."""
        return self._by_token.setdefault(token, RateBudget())
