"""The faults, injected one by one under load."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from stack.control import running_state
from stack.state import PartState
from tests.soak.disk import SmallDisk
from tests.soak.linked_stack import LINKED
from tests.soak.links import Link
from tests.soak.outside import Outside
from tests.soak.writes import SOURCE
from tests.support.waiting import until
from tests.support.whole_stack import WholeStack

__all__ = ["Fault", "Provider", "clocks", "connections", "full_disk", "kills", "moods"]

CUT_SECONDS: Final = 3.0
SLOW_SECONDS: Final = 5.0
DELAY_SECONDS: Final = 0.15
"""How long a piece waits on a slow connection, each way: that of another continent."""
MOOD_SECONDS: Final = 8.0
FULL_SECONDS: Final = 8.0
MAX_FILLING_SECONDS: Final = 120.0
WATCHED_SECONDS: Final = 3.0
"""After what happens in an instant."""
FULL: Final = ("HTTP 503 DATABASE_FULL", "HTTP 503 DATABASE_DOWN")
KILLED: Final = (*LINKED, "worker")


@dataclass(frozen=True)
class Fault:
    """One thing that is broken, and mended again."""

    group: str
    """What kind of fault it is, for the report."""
    name: str
    strike: Callable[[], Awaitable[None]]
    """Breaks it, and returns when it is mended, or was started again."""


@dataclass(frozen=True)
class Provider:
    """The simulator's control interface, past the link."""

    url: str

    async def tell(self, what: str, body: Mapping[str, Any]) -> None:
        """Changes how it behaves."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            (await client.post(f"{self.url}/_simulator/{what}", json=body)).raise_for_status()

    async def lift_limits(self) -> None:
        """Lets everybody ask as often as they like: our own patience is not measured here."""
        await self.tell("settings", {"rate_limit_per_minute": 0, "rate_limit_per_hour": 10_000_000})

    async def behave(self) -> None:
        """Ends all misbehaviour."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            (await client.delete(f"{self.url}/_simulator/faults")).raise_for_status()


def kills(stack: WholeStack, provider: Provider) -> Sequence[Fault]:
    """kill -9 of each process in turn; the supervisor starts it again."""

    def fault(part: str) -> Fault:
        async def strike() -> None:
            before = stack.part(part)
            assert before.mark is not None
            before.mark.send(signal.SIGKILL)
            await asyncio.to_thread(until, lambda: is_back(stack, part, before.restarts))
            await provider.lift_limits()  # a simulator that was started again has its own

        return Fault("kill -9", part, strike)

    return [fault(part) for part in KILLED]


def is_back(stack: WholeStack, part: str, restarts: int) -> bool:
    """Whether a part was started again since, and is ready."""
    state = running_state(stack.layout)
    assert state is not None, "the supervisor is gone"
    [found] = [one for one in state.parts if one.name == part]
    assert found.state is not PartState.FAILED, f"{part} was given up: {found.reason}"
    return found.restarts > restarts and found.state is PartState.READY


def connections(links: Mapping[str, Link]) -> Sequence[Fault]:
    """Every connection to a part is cut for a while; then made slow for a while."""

    def cut(link: Link) -> Fault:
        async def strike() -> None:
            link.cut()
            await asyncio.sleep(CUT_SECONDS)
            link.mend()

        return Fault("cut", link.name, strike)

    def slow(link: Link) -> Fault:
        async def strike() -> None:
            link.slow(DELAY_SECONDS)
            await asyncio.sleep(SLOW_SECONDS)
            link.mend()

        return Fault("slow", link.name, strike)

    return [make(link) for make in (cut, slow) for link in links.values()]


def moods(provider: Provider) -> Sequence[Fault]:
    """DigitalOcean answers 429, and then 500, to everything for a while."""

    def fault(name: str, rule: Mapping[str, Any]) -> Fault:
        async def strike() -> None:
            await provider.tell("faults", {"path": "/v2/", **rule})
            await asyncio.sleep(MOOD_SECONDS)
            await provider.behave()

        return Fault("DigitalOcean", name, strike)

    return [
        fault("429", {"fault": "too_many_requests", "retry_after": 2}),
        fault("500", {"fault": "server_error"}),
    ]


def clocks(provider: Provider, outside: Outside, deployment_id: str) -> Sequence[Fault]:
    """The provider's clock jumps ahead; and so does the clock of one who counts usage."""

    def jump(name: str, seconds: int) -> Fault:
        async def strike() -> None:
            await provider.tell("clock", {"advance_seconds": seconds})
            await asyncio.sleep(WATCHED_SECONDS)

        return Fault("clock", name, strike)

    async def count_ahead() -> None:
        event = {
            "idempotency_key": "ahead",
            "source": SOURCE,
            "deployment_id": deployment_id,
            "resource_kind": "llm_tokens",
            "qty": "1",
            "occurred_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        answer = await outside.post("/api/v1/usage-events", {"events": [event]})
        # What cannot have happened yet counts nowhere, and is said.
        assert [one["idempotency_key"] for one in answer["receipt"]["refused"]] == ["ahead"]
        await asyncio.sleep(WATCHED_SECONDS)

    return [
        jump("DigitalOcean +1 h", 3_600),
        jump("DigitalOcean +1 d", 86_400),
        Fault("clock", "usage +1 h", count_ahead),
    ]


def full_disk(disk: SmallDisk, refusals: Counter[str]) -> Fault:
    """PostgreSQL's disk is full for a while: who writes is told so."""

    async def strike() -> None:
        before = _refused(refusals)
        disk.fill()
        try:
            # PostgreSQL still has room in the pages and WAL segments that it holds.
            filled = time.monotonic()
            while _refused(refusals) == before:
                assert time.monotonic() - filled < MAX_FILLING_SECONDS, refusals
                await asyncio.sleep(0.2)
            await asyncio.sleep(FULL_SECONDS)
        finally:
            disk.free()

    return Fault("disk", "full for PostgreSQL", strike)


def _refused(refusals: Counter[str]) -> int:
    return sum(refusals[word] for word in FULL)
