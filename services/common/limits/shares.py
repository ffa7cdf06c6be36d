"""Whose calls a process answers at the same time: no tenant takes it from the others.

Each tenant has so many calls under way, and so many a second. More wait for their turn, in the
order of their coming, and are refused when that takes too long: a burst of an honest caller is
smoothed, and a flood costs its own tenant only. A refusal comes as late as a turn would have:
who asks again at once is slowed by it, and the process does not spend its time on refusals.
Operators, services and workers have bounds of their own, and are not counted as any tenant's.

Large answers count by their bytes: the process writes one at a time, and the gateway converts it
and holds it until it is read. While others call too, the next call of who got them waits.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from services.common.errors import TooManyCalls
from services.common.identity.callers import Caller
from services.common.limits.declared import CALLS_A_SECOND, CONCURRENT_CALLS, WATCH_STREAMS
from services.common.limits.known import KnownLimits
from services.common.settings import Service

__all__ = ["MAX_HELD_BYTES", "Bounds", "CallShares", "Turn"]

BURST_SECONDS: Final = 1.0
"""Who paused may ask for so long as fast as they like, by the calls of so many seconds."""

ANSWER_BYTES_A_SECOND: Final = 2 * 2**20
"""What a tenant, a user or an operator is answered in a second while others call too: ten of the
largest pages, which take a tenth of the time of a process, and as much of the gateway's."""

SHARED_SECONDS: Final = 1.0
"""Others call too until they have not called for so long."""

FREE_SECONDS: Final = 0.1
"""Who paused gets answers of so many seconds at once: one of the largest pages."""

MAX_PAUSE_SECONDS: Final = 1.0
"""The longest pause for answers before a call."""

MANY_SHARES: Final = 10_000
"""From so many on, those that nobody uses are forgotten."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one share of a process may have."""

    at_once: int
    """Calls under way."""
    a_second: float = math.inf
    wait_seconds: float = 30.0
    """So long a call waits; its own deadline may end it sooner."""
    is_program: bool = False
    """Whether its calls are of a service or worker, whose answers are not counted."""


OPERATOR: Final = Bounds(at_once=8, wait_seconds=10)  # refused before the gateway gives up
SERVICE: Final = Bounds(at_once=32, is_program=True)
PROGRAM: Final = Bounds(at_once=8, is_program=True)
"""Of a worker: its batches leave connections of the database to the others."""

SERVICES: Final = frozenset(map(str, Service))
TENANTS_WAIT_SECONDS: Final = 5.0

MAX_HELD: Final = 2_000
MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""Of one share: its calls that wait, and their requests. What is more is refused at once."""


class Share:
    """The calls of one tenant, operator or program in this process."""

    __slots__ = (
        "bounds", "expected", "held", "held_bytes", "name", "next_due", "paid_at",
        "running", "timer", "waiting",
    )  # fmt: skip  # a table

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self.bounds = bounds
        self.running = 0
        self.waiting: deque[asyncio.Future[float]] = deque()
        self.timer: asyncio.TimerHandle | None = None
        """Begins waiting calls after a pause."""
        self.next_due = -math.inf
        """When the next call comes as it would at a steady rate."""
        self.paid_at = -math.inf
        """When the bytes of its answers are as many as it may have by then."""
        self.expected = 0.0
        """Seconds that the next answer is thought to take of them: what the one before took."""
        self.held = self.held_bytes = 0

    def is_idle(self, now: float) -> bool:
        """Whether nothing is lost when it is forgotten."""
        unused = not self.running and not self.waiting
        return unused and self.next_due <= now - BURST_SECONDS and self.paid_at <= now


@dataclass(frozen=True, slots=True)
class Turn:
    """A call under way."""

    shares: "CallShares"
    share: Share
    expected: float
    """What is counted for its answer so far."""

    def leave(self, answer_bytes: int = 0) -> None:
        """Ends the call: the one that waited longest takes its place."""
        self.shares.leave(self.share, self.expected, answer_bytes)


class CallShares:
    """The shares of all who call a process."""

    def __init__(self, limits: KnownLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._shares: dict[str, Share] = {}
        self._swept_at = MANY_SHARES
        self._latest: Share | None = None
        """Who called last; programs are left out."""
        self._latest_at = self._others_at = -math.inf
        """When it called, and when anybody else did."""

    async def enter(self, caller: Caller, request_bytes: int = 0) -> Turn:
        """Waits for the caller's turn, which the call must leave.

        Raises TooManyCalls when it would not come in time.
        """
        name, bounds = self._bounds(caller)
        share = self._shares.get(name) or self._new_share(name, bounds)
        share.bounds = bounds
        self._note(share)
        pause = 0.0 if math.isinf(bounds.a_second) else self._pause(share, bounds)
        if not pause and not share.waiting and self._may_begin(share) and not self._owed(share):
            return Turn(self, share, self._begin(share))
        with _held(share, request_bytes):
            if pause > bounds.wait_seconds:
                await asyncio.sleep(bounds.wait_seconds)
                raise TooManyCalls(
                    f"{share.name} asks more than {bounds.a_second:,g} times a second",
                    reason="RATE_LIMITED",
                    wait_seconds=math.ceil(pause),
                )
            await asyncio.sleep(pause)
            return Turn(self, share, await self._turn(share))

    def leave(self, share: Share, expected: float, answer_bytes: int) -> None:
        """Ends a call, and counts its answer instead of what was expected."""
        share.running -= 1
        if not share.bounds.is_program:
            now = self._clock()
            share.expected = min(answer_bytes / ANSWER_BYTES_A_SECOND, MAX_PAUSE_SECONDS)
            counted = max(share.paid_at - expected, now) + share.expected
            share.paid_at = min(counted, now + FREE_SECONDS + MAX_PAUSE_SECONDS)
        self._begin_waiting(share)

    def _begin(self, share: Share) -> float:
        """Begins a call; what is counted for its answer beforehand."""
        share.running += 1
        share.paid_at = max(share.paid_at, self._clock()) + share.expected
        return share.expected

    async def _turn(self, share: Share) -> float:
        """Waits until a call may be under way. Raises TooManyCalls when that takes too long."""
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        share.waiting.append(turn)
        self._begin_waiting(share)
        try:
            async with asyncio.timeout(share.bounds.wait_seconds):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # the turn came, and is not taken
                self.leave(share, turn.result(), 0)
            else:
                with suppress(ValueError):
                    share.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise _too_many(share) from None
            raise

    def _begin_waiting(self, share: Share) -> None:
        """Gives waiting calls their turn, as many as may be under way."""
        while share.waiting and self._may_begin(share):
            if share.waiting[0].done():  # its caller is gone
                share.waiting.popleft()
            elif owed := self._owed(share):
                if share.timer is None:
                    later = asyncio.get_running_loop().call_later
                    share.timer = later(owed, self._begin_later, share)
                return
            else:
                share.waiting.popleft().set_result(self._begin(share))

    def _begin_later(self, share: Share) -> None:
        share.timer = None
        self._begin_waiting(share)

    @staticmethod
    def _may_begin(share: Share) -> bool:
        return share.running < share.bounds.at_once

    def _owed(self, share: Share) -> float:
        """Seconds to wait for the answers that a share got; none while nobody else calls."""
        now = self._clock()
        others_at = self._others_at if share is self._latest else self._latest_at
        if now - others_at >= SHARED_SECONDS:
            return 0.0
        return max(0.0, share.paid_at - now - FREE_SECONDS)

    def _note(self, share: Share) -> None:
        """Remembers who called when, to know whether others do."""
        if share.bounds.is_program:
            return
        if share is not self._latest:
            self._latest, self._others_at = share, self._latest_at
        self._latest_at = self._clock()

    def _pause(self, share: Share, bounds: Bounds) -> float:
        """How long a call waits to keep its tenant's pace; one that waits too long is not counted.

        By the generic cell rate algorithm: each call is due one interval after the one before.
        """
        now = self._clock()
        due = max(share.next_due, now - BURST_SECONDS)
        if due - now <= bounds.wait_seconds:
            share.next_due = due + 1 / bounds.a_second
        return max(0.0, due - now)

    def streams(self, caller: Caller) -> int:
        """How many streams of one method the caller's tenant, or an operator, may have open."""
        if caller.is_operator or not caller.tenant_id:
            return WATCH_STREAMS.default
        return self._limits.value(caller.tenant_id, WATCH_STREAMS)

    def _bounds(self, caller: Caller) -> tuple[str, Bounds]:
        """Whose share a call is of, and what it may have."""
        if caller.is_service:
            bounds = SERVICE if caller.subject in SERVICES else PROGRAM
            return f"the program {caller.subject}", bounds
        if caller.is_operator:
            return f"the operator {caller.subject}", OPERATOR
        if not caller.tenant_id:
            return f"the user {caller.subject}", _of_tenant(
                CONCURRENT_CALLS.default, CALLS_A_SECOND.default
            )
        value = self._limits.value
        return f"the tenant {caller.tenant_id}", _of_tenant(
            value(caller.tenant_id, CONCURRENT_CALLS), value(caller.tenant_id, CALLS_A_SECOND)
        )

    def _new_share(self, name: str, bounds: Bounds) -> Share:
        if len(self._shares) >= self._swept_at:
            now = self._clock()
            for each in [one for one in self._shares.values() if one.is_idle(now)]:
                del self._shares[each.name]
            self._swept_at = max(MANY_SHARES, 2 * len(self._shares))
        share = self._shares[name] = Share(name, bounds)
        return share


def _of_tenant(at_once: int, a_second: int) -> Bounds:
    return Bounds(at_once, a_second, TENANTS_WAIT_SECONDS)


@contextmanager
def _held(share: Share, request_bytes: int) -> Iterator[None]:
    """Holds a call. Raises TooManyCalls where too many are held already, or too large ones."""
    if share.held >= MAX_HELD or share.held_bytes + request_bytes > MAX_HELD_BYTES:
        raise _too_many(share)
    share.held += 1
    share.held_bytes += request_bytes
    try:
        yield
    finally:
        share.held -= 1
        share.held_bytes -= request_bytes


def _too_many(share: Share) -> TooManyCalls:
    return TooManyCalls(
        f"{share.name} has {share.running} calls under way already, and others wait",
        reason="TOO_MANY_CALLS",
        wait_seconds=1,  # it has waited already
    )
