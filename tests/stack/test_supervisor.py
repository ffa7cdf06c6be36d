import asyncio
import os
import signal
import socket

import psutil
import pytest

from stack.engines.engine import EngineUnusable
from stack.processes.process import Mark
from stack.state import PartState, StackState
from tests.stack.conftest import FOREVER, SmallStack, comes
from tests.support.processes import gone


def marks(stack: SmallStack) -> dict[str, Mark]:
    state = StackState.read(stack.layout.state)
    return {part.name: part.mark for part in state.parts if part.mark} if state else {}


async def test_a_part_is_started_after_what_it_needs_and_stopped_before_it(
    small_stack: SmallStack,
) -> None:
    database = small_stack.part("database")
    migration = small_stack.part("migration", "exit 0", ready=None, after=("database",))
    service = small_stack.part("service", after=("migration",))
    async with small_stack.running(service, migration, database):
        await small_stack.ready.wait()
    starting = small_stack.told.order(PartState.STARTING)
    assert starting == ["database", "migration", "service"]
    assert small_stack.told.order(PartState.DONE) == ["migration"]
    assert small_stack.told.order(PartState.STOPPED) == ["service", "database"]


async def test_parts_that_do_not_need_each_other_start_together(small_stack: SmallStack) -> None:
    meeting = "until [ -e one.ready ] && [ -e two.ready ]; do sleep 0.05; done; touch {}.met; "
    one = small_stack.part("one", meeting.format("one") + FOREVER)
    two = small_stack.part("two", meeting.format("two") + FOREVER)
    async with small_stack.running(one, two):
        folder = small_stack.layout.folder
        await comes(lambda: (folder / "one.met").exists() and (folder / "two.met").exists())


async def test_a_killed_part_is_restarted(small_stack: SmallStack) -> None:
    async with small_stack.running(small_stack.part("service")):
        await small_stack.ready.wait()
        first = marks(small_stack)["service"]
        first.send(signal.SIGKILL)
        await comes(lambda: small_stack.told.order(PartState.READY) == ["service", "service"])
        assert marks(small_stack)["service"].pid != first.pid
        state = StackState.read(small_stack.layout.state)
        assert state is not None
        assert state.parts[0].restarts == 1
        assert "it was killed" in state.parts[0].reason


async def test_a_part_that_exits_repeatedly_is_given_up_and_the_others_continue(
    small_stack: SmallStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.runner.MIN_BACKOFF", 0.01)
    weak = small_stack.part("weak", "sleep 0.5; echo No space left on device; exit 1")
    async with small_stack.running(weak, small_stack.part("strong")):
        await comes(lambda: small_stack.told.order(PartState.FAILED) == ["weak"])
        state = StackState.read(small_stack.layout.state)
        assert state is not None
        failed, other = state.parts
        assert failed.reason == "the disk is full (5 times in a row)"
        assert failed.restarts == 4
        assert other.state is PartState.READY


async def test_a_part_that_cannot_start_is_named_with_the_reason_and_all_is_stopped(
    small_stack: SmallStack,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        broken = small_stack.part(
            "broken",
            "echo one; echo 'bind: Address already in use'; exit 1",
            after=("fine",),
            ports=(port,),
            ready=lambda _: False,
        )
        async with small_stack.running(small_stack.part("fine"), broken) as (_, running):
            assert not await running
    [failure] = small_stack.told.failures
    assert failure.part == "broken"
    holder = psutil.Process(os.getpid())
    assert f"port {port} is in use by {holder.name()} (process {holder.pid})" in failure.reason
    assert failure.lines == ("one", "bind: Address already in use")
    assert gone(small_stack.layout.folder)


async def test_a_part_that_cannot_be_prepared_is_named(small_stack: SmallStack) -> None:
    def refuse() -> None:
        raise EngineUnusable("the data are another server's")

    async with small_stack.running(small_stack.part("database", prepare=refuse)) as (_, running):
        assert not await running
    assert str(small_stack.told.failures[0]) == "database: the data are another server's"


async def test_a_part_that_never_becomes_ready_is_named(small_stack: SmallStack) -> None:
    sleepy = small_stack.part("sleepy", ready=lambda _: False, timeout=0.3)
    async with small_stack.running(sleepy) as (_, running):
        assert not await running
    assert "it was not ready after" in small_stack.told.failures[0].reason


async def test_nothing_is_left_when_it_is_stopped_while_it_starts(small_stack: SmallStack) -> None:
    sleepy = small_stack.part("sleepy", ready=lambda _: False)
    async with small_stack.running(small_stack.part("fine"), sleepy) as (supervisor, running):
        await comes(lambda: "sleepy" in marks(small_stack))
        supervisor.request_stop()
        assert await running
    assert gone(small_stack.layout.folder)
    assert not small_stack.layout.state.exists()
    assert not small_stack.layout.lock.exists()


async def test_asking_twice_does_not_wait_for_the_slow(small_stack: SmallStack) -> None:
    deaf = small_stack.part("deaf", f"trap '' TERM; {FOREVER}", grace=3600.0)
    async with small_stack.running(deaf) as (supervisor, running):
        await small_stack.ready.wait()
        supervisor.request_stop()
        supervisor.request_stop()
        async with asyncio.timeout(240):
            assert await running
    assert gone(small_stack.layout.folder)
