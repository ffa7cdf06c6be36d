"""How many requests a token may still make, shared by all who use that token in this process.

DigitalOcean allows 5,000 requests an hour and, within a minute, 5 % of that: 250. The
hour is told by the headers of every answer, which know of other processes too; the
minute is not, so it is counted here. A few paths have narrower limits of their own.

Who uses a token holds a share of its budget. A share may have to leave a part of the
budget alone, for those who must not wait: a sync leaves some for provisioning.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Final

from providers.digitalocean.errors import RateLimited

__all__ = [
    "LEFT_FOR_OTHERS",
    "LONGEST_WAIT_SECONDS",
    "BudgetShare",
    "RateBudget",
    "RateBudgets",
]

PER_MINUTE: Final = 250
MINUTE_SHARE_OF_HOUR: Final = 20
LONGEST_WAIT_SECONDS: Final = 65.0
"""Who would have to wait longer is told so instead: durable work waits better than a request."""

LEFT_FOR_OTHERS: Final = Fraction(1, 5)
"""Of a token that serves all purposes: what syncs never use, of the minute and of the hour."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class _Window:
    """The requests of the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sent: deque[float] = deque()

    def add(self, now: float) -> None:
        self._sent.append(now)

    def wait(self, now: float, most: int) -> float:
        """Seconds until fewer than `most` are in it."""
        while self._sent and self._sent[0] <= now - self._seconds:
            self._sent.popleft()
        if len(self._sent) < most:
            return 0.0
        # The request that has to leave before one more fits in.
        return self._sent[len(self._sent) - most] + self._seconds - now


@dataclass(slots=True)
class _NarrowLimit:
    """A limit of some paths, on top of the token's."""

    path: str
    most: int
    seconds: float
    window: _Window = field(init=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.window = _Window(self.seconds)


def _narrow_limits() -> tuple[_NarrowLimit, ...]:
    return (_NarrowLimit("/v2/cdn/endpoints", 5, 10.0),)


class RateBudget:
    """The budget of one token."""

    def __init__(self, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._per_minute = PER_MINUTE
        self._minute = _Window(60.0)
        self._narrow = _narrow_limits()
        self._not_before = 0.0
        self._hour = _Hour()
        self._shares: dict[Fraction, BudgetShare] = {}

    def share(self, leaving: Fraction = Fraction(0)) -> "BudgetShare":
        """The share of it whose holders leave that part of the budget alone."""
        return self._shares.setdefault(leaving, BudgetShare(self, leaving))

    async def acquire(self, path: str = "") -> None:
        """As `BudgetShare.acquire`, leaving nothing."""
        await self.share().acquire(path)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer's `ratelimit-*` headers; answers without them teach nothing."""
        try:
            limit = int(headers["ratelimit-limit"])
            remaining = int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            return
        self._per_minute = max(1, limit // MINUTE_SHARE_OF_HOUR)
        self._hour = _Hour(limit, remaining, self._clock(), _seconds_until_reset(headers))

    def pause(self, seconds: float) -> None:
        """Lets nobody pass for so long, as the provider asked."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    async def pass_narrow_limits(self, path: str) -> None:
        """Waits for the limits of a path, before the token's: others need not wait for them."""
        for limit in self._narrow:
            if path.startswith(limit.path):
                async with limit.turn:
                    wait = limit.window.wait(self._clock(), limit.most)
                    if wait > 0:
                        await self._sleep(wait)
                    limit.window.add(self._clock())

    async def pass_one(self, leaving: Fraction) -> None:
        """Waits until one more request is allowed, and counts it."""
        now = self._clock()
        most = max(1, int(self._per_minute * (1 - leaving)))
        wait = max(
            self._not_before - now,
            self._minute.wait(now, most),
            self._hour.wait(now, leaving, self._per_minute),
        )
        if wait > LONGEST_WAIT_SECONDS:
            raise RateLimited("the token's budget is spent", wait)
        if wait > 0:
            await self._sleep(wait)
        self._minute.add(self._clock())


@dataclass(frozen=True, slots=True)
class _Hour:
    """What the last answer said of the hour."""

    limit: int = 0
    remaining: int = PER_MINUTE
    told_at: float = 0.0
    reset_in: float = 0.0

    def wait(self, now: float, leaving: Fraction, per_minute: int) -> float:
        """Seconds until the next request of somebody who leaves that part of the hour alone."""
        left = self.remaining - int(self.limit * leaving)
        if left >= per_minute:
            return 0.0
        # The rest of the hour's budget is spread over the time until some comes back.
        return self.told_at + self.reset_in / (max(left, 0) + 1) - now


class BudgetShare:
    """A part of a token's budget. Its waiting callers are served in their order."""

    def __init__(self, budget: RateBudget, leaving: Fraction) -> None:
        self._budget = budget
        self._leaving = leaving
        self._turn = asyncio.Lock()

    async def acquire(self, path: str = "") -> None:
        """Waits until one more request is allowed, and counts it.

        Raises RateLimited, with the time to wait, when that is longer than
        LONGEST_WAIT_SECONDS.
        """
        await self._budget.pass_narrow_limits(path)
        async with self._turn:
            await self._budget.pass_one(self._leaving)

    def observe(self, headers: Mapping[str, str]) -> None:
        """As of the whole budget."""
        self._budget.observe(headers)

    def pause(self, seconds: float) -> None:
        """As of the whole budget."""
        self._budget.pause(seconds)


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
