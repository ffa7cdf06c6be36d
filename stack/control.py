"""The running stack as another process sees it: its state, and how it is stopped."""

import signal
import time
from dataclasses import dataclass
from typing import Final

import psutil

from services.common.settings import Settings
from stack.layout import Layout
from stack.parts import local_parts
from stack.processes.guard import GUARD_SECONDS
from stack.processes.process import end_group
from stack.state import Lock, PartState, PartStatus, StackState

__all__ = ["PartView", "running_state", "stop_stack", "view"]

STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class PartView:
    """The state of a part, as another process sees it."""

    status: PartStatus
    ports: tuple[int, ...]
    state: str
    """As the supervisor has it, unless the part itself does not answer."""
    well: bool


def running_state(layout: Layout) -> StackState | None:
    """The stack that runs on a data directory; None when none does."""
    state = StackState.read(layout.state)
    return state if state is not None and state.supervisor.alive() else None


def view(settings: Settings, layout: Layout, state: StackState) -> list[PartView]:
    """Every part of a running stack; each that should answer is asked."""
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
                shown, well = "does not answer", False
        views.append(PartView(status, part.ports if part else (), shown, well))
    return views


def stop_stack(layout: Layout) -> bool:
    """Stops the stack of a data directory; whether there was anything to stop."""
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
        process.kill()  # its guard ends the parts


def _wait_for_lock(layout: Layout) -> None:
    """Waits until the last holder of the lock, which may be the guard, is gone."""
    deadline = time.monotonic() + GUARD_SECONDS
    while time.monotonic() < deadline:
        lock = Lock.take(layout.lock)
        if lock is not None:
            lock.release()
            return
        time.sleep(0.1)
