"""How many requests a token may still make, shared by all who use that token in this process.

DigitalOcean allows 5,000 requests an hour and, within a minute, 5 % of that: 250. The
hour is announced by the headers of every answer, which know of other processes too; the
minute is not, so it is counted here.

Some paths have limits of their own, announced in the same headers. So the limits are kept by the
family of the path (`/v2/cdn`). A limit that two families announce alike is taken for the token's;
until there is one, the largest of at least PER_MINUTE. Every other limit holds for its own family
only.

A caller holds a share of the token's budget. A share may leave a part of the budget unused for
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
"""The family of an answer that is of no path: it tells the token's own limit."""

MAX_WAIT_SECONDS: Final = 65.0
"""A longer wait is an error that says how long: durable work waits better than a request."""

LEFT_FOR_OTHERS: Final = Fraction(1, 5)
"""The share of the minute and the hour that syncs never use of a token for all purposes."""

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


def family_of(path: str) -> str:
    """The paths that share a limit: those with the same first part, as `/v2/cdn`."""
    return "/".join(path.split("/", 3)[:3])


def _narrow_limits() -> tuple[_NarrowLimit, ...]:
    return (_NarrowLimit("/v2/cdn/endpoints", 5, 10.0),)


class RateBudget:
    """The budget of one token."""

    def __init__(self, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._minute = _Window(60.0)
        self._narrow = _narrow_limits()
        self._not_before = 0.0
        self._announced: dict[str, _Announced] = {}
        """By family: what its last answer said of its limit, or of the token's."""
        self._newest: _Announced | None = None
        """What the last answer said that told the token's own limit."""
        self._shares: dict[Fraction, BudgetShare] = {}

    def share(self, leaving: Fraction = Fraction(0)) -> "BudgetShare":
        """The share of it whose holders leave that part of the budget alone."""
        return self._shares.setdefault(leaving, BudgetShare(self, leaving))

    async def acquire(self, path: str = "") -> None:
        """As `BudgetShare.acquire`, leaving nothing."""
        await self.share().acquire(path)

    def observe(self, headers: Mapping[str, str], path: str = "") -> None:
        """Learns from an answer's `ratelimit-*` headers; answers without them teach nothing."""
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
        """Holds all requests back for so long, as the provider asked.

        Where the path's family has a limit of its own, only that family waits.
        """
        until = self._clock() + seconds
        own = self._own_limit(family_of(path))
        if own is not None:
            own.not_before = max(own.not_before, until)
        else:
            self._not_before = max(self._not_before, until)

    async def pass_narrow_limits(self, path: str) -> None:
        """Waits for the limits of a path, before the token's: others need not wait for them.

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
                raise RateLimited(f"the budget of {family} is spent", wait)
            if wait <= 0:
                own.taken += 1
                return
            await self._sleep(wait)

    async def pass_one(self, leaving: Fraction) -> None:
        """Waits until one more request is allowed, and counts it.

        Raises RateLimited, with the time to wait, when that is longer than MAX_WAIT_SECONDS.
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
            raise RateLimited("the token's budget is spent", wait)
        if wait > 0:
            await self._sleep(wait)
        self._minute.add(self._clock())

    def _limit_of_the_token(self) -> int | None:
        """None before the first answer."""
        if (announced := self._announced.get(THE_TOKEN)) is not None:
            return announced.limit
        limits = Counter(one.limit for one in self._announced.values())
        alike = [limit for limit, count in limits.items() if count > 1]
        return max(alike or [limit for limit in limits if limit >= PER_MINUTE], default=None)

    def _own_limit(self, family: str) -> "_Announced | None":
        """What a family announced of a limit that is not the token's; None when it did not."""
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
    """Until when a 429 of this family held it back."""
    taken: int = 0
    """Requests of ours since then, of a limit that is the family's own."""

    @property
    def per_minute(self) -> int:
        """What a minute takes of the hour's limit."""
        return max(1, self.limit // MINUTE_SHARE_OF_HOUR)

    def wait(self, now: float, leaving: Fraction) -> float:
        """Seconds until the next request of a caller that leaves that share of the limit unused."""
        left = self.remaining - int(self.limit * leaving)
        if left >= self.per_minute:
            return 0.0
        # The rest of the hour's budget is spread over the time until some comes back.
        return self.observed_at + self.reset_in / (max(left, 0) + 1) - now

    def wait_within(self, now: float) -> float:
        """Seconds until the family may ask again: what remains is used up, then reset."""
        resets_at = self.observed_at + self.reset_in
        spent = self.taken >= self.remaining and now < resets_at
        return max(self.not_before, resets_at if spent else 0.0) - now


class BudgetShare:
    """A part of a token's budget. Its waiting callers are served in their order."""

    def __init__(self, budget: RateBudget, leaving: Fraction) -> None:
        self._budget = budget
        self._leaving = leaving
        self._turn = asyncio.Lock()

    async def acquire(self, path: str = "") -> None:
        """Waits until one more request is allowed, and counts it.

        Raises RateLimited, with the time to wait, when that is longer than
        MAX_WAIT_SECONDS.
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
