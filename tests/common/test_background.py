"""Background work of a process."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from grpc_health.v1 import health
from grpc_health.v1 import health_pb2 as standard

from services.common import health as health_module
from services.common.background import repeated
from services.common.db.database import Database
from services.common.health import HealthWatch
from services.common.limits.declared import WATCH_STREAMS
from services.common.limits.known import KnownLimits
from services.common.settings import Service, Settings


async def ended_by(task: asyncio.Task[Any], event: asyncio.Event) -> bool:
    """Whether a task ended before the event; it is cancelled."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    ended = not waiting.done()
    for one in (task, waiting):
        one.cancel()
    await asyncio.gather(task, waiting, return_exceptions=True)
    return ended


async def test_failed_background_work_is_repeated() -> None:
    failures = [RuntimeError("unexpected"), TimeoutError()]
    done = asyncio.Event()

    async def work() -> None:
        if failures:
            raise failures.pop()
        done.set()

    assert not await ended_by(asyncio.create_task(repeated(work, every=0)), done)


async def test_a_cancellation_ends_the_work() -> None:
    entered = asyncio.Event()

    async def work() -> None:
        entered.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(repeated(work, every=0))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@dataclass
class Broken:
    """A database whose check fails in a way that nobody expects, twice."""

    left: int = 2
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def ping(self) -> bool:
        if self.left:
            self.left -= 1
            raise RuntimeError("unexpected")
        self.answered.set()
        return True


def watch(database: Broken) -> HealthWatch:
    status = health.aio.HealthServicer()
    return HealthWatch(Service.BILLING, Settings(), cast("Database", database), status)


async def test_health_is_watched_after_any_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "DATABASE_SECONDS", 0)
    database = Broken()
    watching = asyncio.create_task(watch(database).run())
    assert not await ended_by(watching, database.answered)


async def test_a_service_whose_database_could_not_be_checked_does_not_serve() -> None:
    watched = watch(Broken(left=1))
    watched.serving = True
    await watched.status.set("", standard.HealthCheckResponse.SERVING)
    await watched.look_at_database()
    answer = await watched.status.Check(standard.HealthCheckRequest(), cast("Any", None))
    assert answer.status == standard.HealthCheckResponse.NOT_SERVING


async def test_limits_that_cannot_be_read_for_any_reason_are_the_default_and_fresh() -> None:
    reads = []

    async def load(tenant_ids: Any) -> Any:
        reads.append(tenant_ids)
        raise RuntimeError("unexpected")

    limits = KnownLimits(load)
    assert await limits.fresh_value("acme", WATCH_STREAMS) == WATCH_STREAMS.default
    assert limits.value("acme", WATCH_STREAMS) == WATCH_STREAMS.default
    await asyncio.sleep(0)
    assert reads == [["acme"]]
