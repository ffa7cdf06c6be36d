"""The running stack as seen from another process: its state, and how to stop it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Final

import psutil

from services.common.settings import Settings
from stack.layout import Layout
from stack.output.logs import Follower, bound
from stack.parts import local_parts
from stack.processes.guard import GUARD_SECONDS
from stack.processes.process import end_group
from stack.state import Lock, PartState, PartStatus, StackState

__all__ = ["PartView", "running_state", "start_detached", "stop_stack", "view"]

STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class PartView:
    """The state of a part, as seen from another process."""

    status: PartStatus
    ports: tuple[int, ...]
    state: str
    """The supervisor's state, unless the part itself does not respond."""
    well: bool


def running_state(layout: Layout) -> StackState | None:
    """The state of the stack on a data directory; None if none runs."""
    state = StackState.read(layout.state)
    return state if state is not None and state.supervisor.alive() else None


def view(settings: Settings, layout: Layout, state: StackState) -> list[PartView]:
    """The state of every part of a running stack; parts with a probe are probed."""
    declared = {part.name: part for part in local_parts(settings, layout)}
    views = []
    for status in state.parts:
        part = declared.get(status.name)
        shown, well = status.state.value, status.state in {PartState.READY, PartState.DONE}
        if status.state is PartState.READY and part is not None and part.ready is not None:
            mark = status.mark
            if mark is None or not mark.alive():
                shown, well = "dead", False
            elif not part.ready(mark):
                shown, well = "does not respond", False
        views.append(PartView(status, part.ports if part else (), shown, well))
    return views


def stop_stack(layout: Layout) -> bool:
    """Stops the stack of a data directory; returns whether one was running."""
    state = StackState.read(layout.state)
    if state is None:
        return False
    stopped = bool(state.running())
    if state.supervisor.alive():
        stopped = True
        _end_supervisor(state)
    _wait_for_lock(layout)
    leftovers = state.running()
    if leftovers:
        end_group(leftovers, GUARD_SECONDS)
    layout.state.unlink(missing_ok=True)
    return stopped


def _end_supervisor(state: StackState) -> None:
    process = psutil.Process(state.supervisor.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()  # its guard stops the parts


def _wait_for_lock(layout: Layout) -> None:
    """Waits until the lock's last holder, possibly the guard, has exited."""
    deadline = time.monotonic() + GUARD_SECONDS
    while time.monotonic() < deadline:
        lock = Lock.take(layout.lock)
        if lock is not None:
            lock.release()
            return
        time.sleep(0.1)


LOG_OF_SUPERVISOR: Final = "stack"
POLL_SECONDS: Final = 0.1


def start_detached(layout: Layout) -> int:
    """Starts a supervisor that outlives this process; returns 0 when the stack is ready.

    Shows its output until then; Ctrl-C stops it.
    """
    layout.make()
    log = layout.log(LOG_OF_SUPERVISOR)
    bound(log)
    log_lines = Follower(log)
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli.app", "up"],
            env={
                **os.environ,
                "ARCADIA_DATA_DIR": str(layout.folder),
                "PYTHONUNBUFFERED": "1",
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while supervisor.poll() is None and not _is_ready(layout, supervisor.pid):
            _show(log_lines)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
    _show(log_lines)
    return supervisor.poll() or 0


def _is_ready(layout: Layout, pid: int) -> bool:
    state = StackState.read(layout.state)
    return state is not None and state.ready and state.supervisor.pid == pid


def _show(log_lines: Follower) -> None:
    for line in log_lines.lines():
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
