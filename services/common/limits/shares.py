"""Fair shares of a process's capacity: no tenant can take it from the others.

Each tenant has limits of concurrent calls and of calls a second. Further calls wait in order, and
are refused after a maximum wait: a burst is smoothed, and a flood affects only its own tenant. A
refusal comes after the wait, which slows down callers that retry at once and saves the cost of
refusals. Operators, services and workers have limits of their own, and do not count as a tenant's.

Large responses count by their bytes: the process writes one at a time, and the gateway converts
and holds it until it is read. If others call too, the next call of their recipient is delayed.
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
"""The burst after a pause: the calls of this many seconds."""

ANSWER_BYTES_A_SECOND: Final = 2 * 2**20
"""Response bytes per second of a tenant, a user or an operator while others call too: ten of the
largest pages, which take a tenth of the time of a process, and of the gateway's."""

SHARED_SECONDS: Final = 1.0
"""Seconds since another caller's last call in which others count as calling."""

FREE_SECONDS: Final = 0.1
"""The burst of response bytes after a pause, in seconds: one of the largest pages."""

MAX_PAUSE_SECONDS: Final = 1.0
"""The longest delay of a call for earlier responses."""

MANY_SHARES: Final = 10_000
"""The number of shares above which idle ones are deleted."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one share of a process."""

    at_once: int
    """Concurrent calls."""
    a_second: float = math.inf
    wait_seconds: float = 30.0
    """Maximum seconds that a call waits; its deadline may be sooner."""
    is_program: bool = False
    """Whether it is a service's or worker's, whose response bytes are not counted."""


OPERATOR: Final = Bounds(at_once=8, wait_seconds=10)  # refused before the gateway's timeout
SERVICE: Final = Bounds(at_once=32, is_program=True)
PROGRAM: Final = Bounds(at_once=8, is_program=True)
"""For a worker: its batches leave database connections to others."""

SERVICES: Final = frozenset(map(str, Service))
TENANTS_WAIT_SECONDS: Final = 5.0

MAX_HELD: Final = 2_000
MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""Maximum waiting calls of one share, and of their requests' bytes; more are refused at once."""


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
        """Starts waiting calls after a pause."""
        self.next_due = -math.inf
        """When the next call is due at a steady rate."""
        self.paid_at = -math.inf
        """When the bytes of its responses are within the rate again."""
        self.expected = 0.0
        """The expected seconds of the next response: those of the last one."""
        self.held = self.held_bytes = 0

    def is_idle(self, now: float) -> bool:
        """Whether it can be deleted without loss."""
        unused = not self.running and not self.waiting
        return unused and self.next_due <= now - BURST_SECONDS and self.paid_at <= now


@dataclass(frozen=True, slots=True)
class Turn:
    """A running call."""

    shares: "CallShares"
    share: Share
    expected: float
    """The seconds counted for its response so far."""

    def leave(self, answer_bytes: int = 0) -> None:
        """Ends the call; the longest waiting one starts."""
        self.shares.leave(self.share, self.expected, answer_bytes)


class CallShares:
    """The shares of all callers of a process."""

    def __init__(self, limits: KnownLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._shares: dict[str, Share] = {}
        self._swept_at = MANY_SHARES
        self._latest: Share | None = None
        """The last caller; programs are ignored."""
        self._latest_at = self._others_at = -math.inf
        """When it last called, and when another caller did."""

    async def enter(self, caller: Caller, request_bytes: int = 0) -> Turn:
        """Waits until the caller may start a call; leave the returned turn at its end.

        Raises TooManyCalls if the wait would be too long.
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
        """Ends a call, and counts its actual response instead of the expected one."""
        share.running -= 1
        if not share.bounds.is_program:
            now = self._clock()
            share.expected = min(answer_bytes / ANSWER_BYTES_A_SECOND, MAX_PAUSE_SECONDS)
            counted = max(share.paid_at - expected, now) + share.expected
            share.paid_at = min(counted, now + FREE_SECONDS + MAX_PAUSE_SECONDS)
        self._begin_waiting(share)

    def _begin(self, share: Share) -> float:
        """Starts a call; returns what is counted for its response in advance."""
        share.running += 1
        share.paid_at = max(share.paid_at, self._clock()) + share.expected
        return share.expected

    async def _turn(self, share: Share) -> float:
        """Waits until a call may start. Raises TooManyCalls if the wait is too long."""
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        share.waiting.append(turn)
        self._begin_waiting(share)
        try:
            async with asyncio.timeout(share.bounds.wait_seconds):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # its turn came, but is not used
                self.leave(share, turn.result(), 0)
            else:
                with suppress(ValueError):
                    share.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise _too_many(share) from None
            raise

    def _begin_waiting(self, share: Share) -> None:
        """Starts as many waiting calls as allowed."""
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
        """Seconds to wait for earlier responses; 0 if nobody else calls."""
        now = self._clock()
        others_at = self._others_at if share is self._latest else self._latest_at
        if now - others_at >= SHARED_SECONDS:
            return 0.0
        return max(0.0, share.paid_at - now - FREE_SECONDS)

    def _note(self, share: Share) -> None:
        """Records who called when, to know whether others call."""
        if share.bounds.is_program:
            return
        if share is not self._latest:
            self._latest, self._others_at = share, self._latest_at
        self._latest_at = self._clock()

    def _pause(self, share: Share, bounds: Bounds) -> float:
        """The delay of a call for its tenant's rate; a call that would be refused is not counted.

        The generic cell rate algorithm: each call is due one interval after the one
        before.
        """
        now = self._clock()
        due = max(share.next_due, now - BURST_SECONDS)
        if due - now <= bounds.wait_seconds:
            share.next_due = due + 1 / bounds.a_second
        return max(0.0, due - now)

    def streams(self, caller: Caller) -> int:
        """Maximum open streams of one method for the caller's tenant, or an operator."""
        if caller.is_operator or not caller.tenant_id:
            return WATCH_STREAMS.default
        return self._limits.value(caller.tenant_id, WATCH_STREAMS)

    def _bounds(self, caller: Caller) -> tuple[str, Bounds]:
        """The share of a call, and its limits."""
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
    """Queues a call. Raises TooManyCalls if too many are queued already, or too large ones."""
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
        wait_seconds=1,  # it has already waited
    )
