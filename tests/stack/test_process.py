import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stack.engines.engine import Command
from stack.processes.process import Mark, Process, end_group, mark_of
from tests.support.processes import gone, processes_of
from tests.support.waiting import until

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def shell(script: str) -> Command:
    return Command(("/bin/sh", "-c", script), ENVIRONMENT)


def ignored(_: Mark) -> None:
    """Nobody needs to know."""


def test_a_process_that_cannot_be_recorded_is_not_started(tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    def refuse(_: Mark) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        Process.start(shell(f"touch {trace}"), tmp_path / "log", register=refuse)
    assert gone(tmp_path)
    assert not trace.exists()


def test_a_process_is_distinguished_from_another_with_the_same_id(tmp_path: Path) -> None:
    process = Process.start(shell("sleep 60"), tmp_path / "log", register=ignored)
    same_id_of_earlier_life = Mark(process.pid, process.mark.started - 100)
    assert process.mark.alive()
    assert not same_id_of_earlier_life.alive()
    same_id_of_earlier_life.send(signal.SIGKILL)
    assert process.exit_code() is None
    process.stop(5)
    assert not process.mark.alive()


def test_a_zombie_process_is_not_alive(tmp_path: Path) -> None:
    process = Process.start(shell("exit 0"), tmp_path / "log", register=ignored)
    until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert not process.mark.alive()
    process.wait()


def test_one_that_does_not_listen_is_ended_anyway(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = Process.start(
        shell("trap '' TERM; echo deaf; while :; do sleep 0.1; done"), log, register=ignored
    )
    until(lambda: "deaf" in log.read_text())
    process.stop(0.3)
    assert process.exit_code() == -signal.SIGKILL


@pytest.mark.parametrize("by", ["its starter", "a stranger"])
def test_children_end_with_their_parent(tmp_path: Path, by: str) -> None:
    deaf_child = "(trap '' TERM; while :; do sleep 0.1; done) &"
    process = Process.start(
        shell(f"{deaf_child} trap 'exit 0' TERM; wait"), tmp_path / "log", register=ignored
    )
    until(psutil.Process(process.pid).children)
    child = mark_of(psutil.Process(process.pid).children()[0].pid)
    if by == "its starter":
        process.stop(5)
    else:
        end_group([process.mark], 5)
        process.wait()
    until(lambda: not child.alive())


PARENT = """
import pathlib, sys, time
from stack.processes.guard import Guard
from stack.engines.engine import Command
from stack.processes.process import Process

folder, script, kill_guard = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
command = Command(
    ("/bin/sh", "-c", f"{script} while :; do sleep 0.1; done", str(folder)),
    {"PATH": "/usr/bin:/bin"},
)
guard = Guard()
first = Process.start(command, folder / "log", register=guard.watch)
if kill_guard:
    guard._process.kill()
    guard._process.wait()
second = Process.start(command, folder / "log", register=guard.watch)
print("started", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("script", "kill_guard"),
    [("", False), ("trap '' TERM;", False), ("", True)],
    ids=["polite", "deaf to SIGTERM", "after the guard was killed and replaced"],
)
def test_the_guard_ends_what_a_killed_parent_left(
    tmp_path: Path, script: str, *, kill_guard: bool
) -> None:
    arguments = [sys.executable, "-c", PARENT, str(tmp_path), script, str(kill_guard)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        # The parent, its guard and what it started: a gate takes a moment to become it.
        until(lambda: len(processes_of(tmp_path)) >= 3)
        parent.kill()
    assert gone(tmp_path)


def test_setting_the_clock_does_not_hide_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    own = mark_of(os.getpid())
    # What the system says once its clock was set an hour on: it counts from its own start.
    boot_time = psutil.boot_time() + 3600
    monkeypatch.setattr("psutil.boot_time", lambda: boot_time)
    monkeypatch.setattr("psutil._psplatform.boot_time", lambda: boot_time)
    assert own.alive()
    assert not Mark(own.pid, own.started - 100).alive()


BUSY_WITH_GRPC = """
import asyncio, subprocess
from stack.processes import probes
import grpc

async def main():
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for _ in range(3):
            try:
                await channel.unary_unary("/nothing/here")(b"", timeout=5)
            except grpc.aio.AioRpcError:
                subprocess.run(["true"], check=True, preexec_fn=lambda: None)
    await server.stop(None)

asyncio.run(main())
"""


def test_grpc_runs_no_fork_handlers_in_a_child() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BUSY_WITH_GRPC], capture_output=True, text=True, check=True
    )
    assert "fork" not in ran.stderr
