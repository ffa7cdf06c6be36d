"""The rate limits of tokens; all users of a token in this process share its budget.

DigitalOcean allows 5,000 requests an hour and, within a minute, 5 % of that: 250. The headers of
every response have the hourly limit, which counts other processes too; the limit per minute is not
announced, so it is counted here.

Some paths have limits of their own, announced in the same headers, so limits are kept by the
path's family (`/v2/cdn`). A limit that two families announce is taken as the token's; before that,
the largest of at least PER_MINUTE. Every other limit is for its family only.

A caller holds a share of the token's budget. A share may leave part of the budget unused for
callers that must not wait: a sync leaves some for provisioning.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Final

from providers.digitalocean.errors import RateLimited

__all__ = [
    "LEFT_FOR_OTHERS",
    "MAX_WAIT_SECONDS",
    "BudgetShare",
    "RateBudget",
    "RateBudgets",
]

PER_MINUTE: Final = 250
MINUTE_SHARE_OF_HOUR: Final = 20
THE_TOKEN: Final = ""
"""The family of a response without a path: it announces the token's limit."""

MAX_WAIT_SECONDS: Final = 65.0
"""A longer wait is an error with the time to wait: workflows wait better than a request."""

LEFT_FOR_OTHERS: Final = Fraction(1, 5)
"""The share of the limits that syncs leave unused if one token serves all purposes."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class _Window:
    """The requests of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sent: deque[float] = deque()

    def add(self, now: float) -> None:
        self._sent.append(now)

    def wait(self, now: float, most: int) -> float:
        """Seconds until it has fewer than `most` requests."""
        while self._sent and self._sent[0] <= now - self._seconds:
            self._sent.popleft()
        if len(self._sent) < most:
            return 0.0
        # The request that must leave the window first.
        return self._sent[len(self._sent) - most] + self._seconds - now


@dataclass(slots=True)
class _NarrowLimit:
    """A limit of some paths, in addition to the token's."""

    path: str
    most: int
    seconds: float
    window: _Window = field(init=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.window = _Window(self.seconds)


def family_of(path: str) -> str:
    """The paths that share a limit: those with the same first part, such as `/v2/cdn`."""
    return "/".join(path.split("/", 3)[:3])


class RateBudget:
    """The budget of one token."""

    def __init__(self, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._minute = _Window(60.0)
        self._narrow = (_NarrowLimit("/v2/cdn/endpoints", 5, 10.0),)
        self._not_before = 0.0
        self._announced: dict[str, _Announced] = {}
        """By family: the limit in its last response, its own or the token's."""
        self._newest: _Announced | None = None
        """The last announcement of the token's limit."""
        self._shares: dict[Fraction, BudgetShare] = {}

    def share(self, leaving: Fraction = Fraction(0)) -> "BudgetShare":
        """A share whose holders leave that part of the budget unused."""
        return self._shares.setdefault(leaving, BudgetShare(self, leaving))

    async def acquire(self, path: str = "") -> None:
        """As `BudgetShare.acquire`, leaving nothing unused."""
        await self.share().acquire(path)

    def observe(self, headers: Mapping[str, str], path: str = "") -> None:
        """Updates the limits from a response's `ratelimit-*` headers, if any."""
        try:
            limit = int(headers["ratelimit-limit"])
            remaining = int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            return
        family = family_of(path)
        known = self._announced.get(family)
        announced = _Announced(
            limit,
            remaining,
            self._clock(),
            _seconds_until_reset(headers),
            not_before=known.not_before if known is not None else 0.0,
        )
        self._announced[family] = announced
        of_the_token = self._limit_of_the_token()
        of_token = (one for one in self._announced.values() if one.limit == of_the_token)
        self._newest = max(of_token, key=lambda one: one.observed_at, default=None)

    def pause(self, seconds: float, path: str = "") -> None:
        """Delays all requests by that time, as the provider requested.

        If the path's family has a limit of its own, only that family is delayed.
        """
        until = self._clock() + seconds
        own = self._own_limit(family_of(path))
        if own is not None:
            own.not_before = max(own.not_before, until)
        else:
            self._not_before = max(self._not_before, until)

    async def pass_narrow_limits(self, path: str) -> None:
        """Waits for the limits of a path, before the token's, so that other paths need not wait.

        Raises RateLimited as `pass_one`.
        """
        for limit in self._narrow:
            if path.startswith(limit.path):
                async with limit.turn:
                    wait = limit.window.wait(self._clock(), limit.most)
                    if wait > 0:
                        await self._sleep(wait)
                    limit.window.add(self._clock())
        family = family_of(path)
        while (own := self._own_limit(family)) is not None:
            wait = own.wait_within(self._clock())
            if wait > MAX_WAIT_SECONDS:
                raise RateLimited(f"the rate limit of {family} is used up", wait)
            if wait <= 0:
                own.taken += 1
                return
            await self._sleep(wait)

    async def pass_one(self, leaving: Fraction) -> None:
        """Waits until another request is allowed, and counts it.

        Raises RateLimited, with the time to wait, if that exceeds MAX_WAIT_SECONDS.
        """
        now = self._clock()
        announced = self._newest
        per_minute = PER_MINUTE if announced is None else announced.per_minute
        most = max(1, int(per_minute * (1 - leaving)))
        wait = max(
            self._not_before - now,
            self._minute.wait(now, most),
            0.0 if announced is None else announced.wait(now, leaving),
        )
        if wait > MAX_WAIT_SECONDS:
            raise RateLimited("the token's rate limit is used up", wait)
        if wait > 0:
            await self._sleep(wait)
        self._minute.add(self._clock())

    def _limit_of_the_token(self) -> int | None:
        """None before the first response."""
        if (announced := self._announced.get(THE_TOKEN)) is not None:
            return announced.limit
        limits = Counter(one.limit for one in self._announced.values())
        alike = [limit for limit, count in limits.items() if count > 1]
        return max(alike or [limit for limit in limits if limit >= PER_MINUTE], default=None)

    def _own_limit(self, family: str) -> "_Announced | None":
        """The last announcement of a family's own limit; None without one."""
        announced = self._announced.get(family)
        if announced is None or announced.limit == self._limit_of_the_token():
            return None
        return announced


@dataclass(slots=True)
class _Announced:
    """A limit, from the headers of a family's last answer."""

    limit: int
    remaining: int
    observed_at: float
    reset_in: float
    not_before: float
    """Until when a 429 delays this family."""
    taken: int = 0
    """Our requests since then, for a limit of the family's own."""

    @property
    def per_minute(self) -> int:
        """The part of the hourly limit for a minute."""
        return max(1, self.limit // MINUTE_SHARE_OF_HOUR)

    def wait(self, now: float, leaving: Fraction) -> float:
        """Seconds until the next request of a caller that leaves that share of the limit unused."""
        left = self.remaining - int(self.limit * leaving)
        if left >= self.per_minute:
            return 0.0
        # Spreads the rest of the hourly budget over the time until more becomes available.
        return self.observed_at + self.reset_in / (max(left, 0) + 1) - now

    def wait_within(self, now: float) -> float:
        """Seconds until the family may send again: once its rest is used up, after the reset."""
        resets_at = self.observed_at + self.reset_in
        spent = self.taken >= self.remaining and now < resets_at
        return max(self.not_before, resets_at if spent else 0.0) - now


class BudgetShare:
    """A part of a token's budget. Waiting callers are served in order."""

    def __init__(self, budget: RateBudget, leaving: Fraction) -> None:
        self._budget = budget
        self._leaving = leaving
        self._turn = asyncio.Lock()

    async def acquire(self, path: str = "") -> None:
        """Waits until another request is allowed, and counts it.

        Raises RateLimited, with the time to wait, if that exceeds MAX_WAIT_SECONDS.
        """
        await self._budget.pass_narrow_limits(path)
        async with self._turn:
            await self._budget.pass_one(self._leaving)

    def observe(self, headers: Mapping[str, str], path: str = "") -> None:
        """As of the whole budget."""
        self._budget.observe(headers, path)

    def pause(self, seconds: float, path: str = "") -> None:
        """As of the whole budget."""
        self._budget.pause(seconds, path)


def _seconds_until_reset(headers: Mapping[str, str]) -> float:
    """By the provider's clock, which may differ from ours; between 0 and an hour."""
    try:
        reset = float(headers["ratelimit-reset"])
        date = headers.get("date")
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    except (KeyError, ValueError):
        return 0.0
    return min(max(reset - now.timestamp(), 0.0), 3600.0)


class RateBudgets:
    """One budget per token, so that clients with the same token share it."""

    def __init__(self) -> None:
        self._by_token: dict[str, RateBudget] = {}

    def of(self, token: str) -> RateBudget:
        """The budget of this token; created on first use."""
        return self._by_token.setdefault(token, RateBudget())
