"""Whose calls a process answers at the same time: no tenant takes it from the others.

Each tenant has so many calls under way, and so many a second. More wait for their turn, in the
order of their coming, and are refused when that takes too long: a burst of an honest caller is
smoothed, and a flood costs its own tenant only. A refusal comes as late as a turn would have:
who asks again at once is slowed by it, and the process does not spend its time on refusals.
Operators, services and workers have bounds of
their own, and are not counted as any tenant's.
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

__all__ = ["MAX_HELD_BYTES", "Bounds", "CallShares", "Share"]

BURST_SECONDS: Final = 1.0
"""Who paused may ask for so long as fast as they like, by the calls of so many seconds."""

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


OPERATOR: Final = Bounds(at_once=8)
SERVICE: Final = Bounds(at_once=32)
PROGRAM: Final = Bounds(at_once=8)
"""Of a worker: its batches leave connections of the database to the others."""

SERVICES: Final = frozenset(map(str, Service))
TENANTS_WAIT_SECONDS: Final = 5.0

MAX_HELD: Final = 2_000
MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""Of one share: its calls that wait, and their requests. What is more is refused at once."""


class Share:
    """The calls of one tenant, operator or program in this process."""

    __slots__ = ("held", "held_bytes", "name", "next_due", "running", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.next_due = -math.inf
        """When the next call comes as it would at a steady rate."""
        self.held = self.held_bytes = 0

    def leave(self) -> None:
        """Ends a call: the one that waited longest takes its place."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1

    def is_idle(self, now: float) -> bool:
        """Whether nothing is lost when it is forgotten."""
        return not self.running and not self.waiting and self.next_due <= now - BURST_SECONDS


class CallShares:
    """The shares of all who call a process."""

    def __init__(self, limits: KnownLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._shares: dict[str, Share] = {}
        self._swept_at = MANY_SHARES

    async def enter(self, caller: Caller, request_bytes: int = 0) -> Share:
        """Waits for the caller's turn; the call has ended when its share is left.

        Raises TooManyCalls when the turn would not come in time.
        """
        name, bounds = self._bounds(caller)
        share = self._shares.get(name) or self._new_share(name)
        pause = 0.0 if math.isinf(bounds.a_second) else self._pause(share, bounds)
        if not pause and share.running < bounds.at_once and not share.waiting:
            share.running += 1
            return share
        with _held(share, request_bytes):
            if pause > bounds.wait_seconds:
                await asyncio.sleep(bounds.wait_seconds)
                raise TooManyCalls(
                    f"{share.name} asks more than {bounds.a_second:,g} times a second",
                    reason="RATE_LIMITED",
                    wait_seconds=math.ceil(pause),
                )
            await asyncio.sleep(pause)
            await _turn(share, bounds)
        return share

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

    def _new_share(self, name: str) -> Share:
        if len(self._shares) >= self._swept_at:
            now = self._clock()
            for each in [one for one in self._shares.values() if one.is_idle(now)]:
                del self._shares[each.name]
            self._swept_at = max(MANY_SHARES, 2 * len(self._shares))
        share = self._shares[name] = Share(name)
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


async def _turn(share: Share, bounds: Bounds) -> None:
    """Waits until a call may be under way. Raises TooManyCalls when that takes too long."""
    if share.running < bounds.at_once and not share.waiting:
        share.running += 1
        return
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    share.waiting.append(turn)
    try:
        async with asyncio.timeout(bounds.wait_seconds):
            await turn
    except BaseException as error:
        if turn.done() and not turn.cancelled():  # the turn came, and is not taken
            share.leave()
        else:
            with suppress(ValueError):
                share.waiting.remove(turn)
        if isinstance(error, TimeoutError):
            raise _too_many(share) from None
        raise


def _too_many(share: Share) -> TooManyCalls:
    return TooManyCalls(
        f"{share.name} has {share.running} calls under way already, and others wait",
        reason="TOO_MANY_CALLS",
        wait_seconds=1,  # it has waited already
    )
