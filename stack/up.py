"""`arcadia up`, wired: lock, left-overs, preflight, supervisor."""

import asyncio
import time

from rich.console import Console
from rich.markup import escape

from services.common.settings import Settings
from stack.layout import Layout
from stack.output.progress import Progress
from stack.output.welcome import welcome
from stack.parts import first_sync, local_parts
from stack.preflight import problems
from stack.processes.guard import GUARD_SECONDS
from stack.processes.process import end_group
from stack.processes.supervisor import Supervisor
from stack.state import Lock, StackState

__all__ = ["run_stack"]


def run_stack(settings: Settings, console: Console) -> int:
    """Runs the whole stack until it is told to stop; the exit code."""
    layout = Layout.of(settings)
    try:
        layout.make()
    except OSError as error:
        console.print(f"[red]{layout.folder} cannot be made:[/] {error.strerror}", soft_wrap=True)
        return 1
    try:
        lock = _take_lock(layout, console)
    except OSError as error:
        console.print(
            f"[red]{layout.folder} cannot be used:[/] {error.strerror}; see ARCADIA_DATA_DIR",
            soft_wrap=True,
        )
        return 1
    if lock is None:
        return 1
    try:
        return _run(settings, layout, lock, console)
    finally:
        lock.release()


def _run(settings: Settings, layout: Layout, lock: Lock, console: Console) -> int:
    _end_leftovers(layout, console)
    parts = local_parts(settings, layout)
    found = problems(parts, settings, layout)
    if found:
        console.print("[bold red]arcadia-cloud cannot start:[/]")
        for problem in found:
            console.print(f"  {escape(problem)}", soft_wrap=True)
        return 1

    progress = Progress(console, layout)

    async def greet(supervisor: Supervisor) -> None:
        synced = await supervisor.once(first_sync(layout))
        progress.close()
        for line in welcome(settings, layout, synced=synced):
            # Written as it is: a token that is wrapped cannot be pasted.
            console.out(line, highlight=False)
        console.out("Ctrl-C or `make down` stops it; the data are kept.", highlight=False)

    async def supervise() -> bool:
        return await Supervisor(parts, layout, lock, progress).run(greet)

    started = asyncio.run(supervise())
    progress.stopped()
    return 0 if started else 1


def _take_lock(layout: Layout, console: Console) -> Lock | None:
    """The lock; where a supervisor was killed, waits until its guard has tidied up."""
    deadline = time.monotonic() + GUARD_SECONDS
    while True:
        lock = Lock.take(layout.lock)
        if lock is not None:
            return lock
        state = StackState.read(layout.state)
        alive = state is not None and state.supervisor.alive()
        if alive or time.monotonic() > deadline:
            who = f" (process {state.supervisor.pid})" if state else ""
            console.print(
                f"[red]A stack already runs on {layout.folder}{who}.[/] `make status` shows it,"
                " `make down` stops it; another checkout or ARCADIA_DATA_DIR with"
                " ARCADIA_PORT_OFFSET runs beside it.",
                soft_wrap=True,
            )
            return None
        time.sleep(0.1)


def _end_leftovers(layout: Layout, console: Console) -> None:
    """Ends what a killed supervisor left, when its guard was killed too."""
    state = StackState.read(layout.state)
    leftovers = state.running() if state else []
    if leftovers:
        console.print(f"ending {len(leftovers)} processes that a killed stack left")
        end_group(leftovers, GUARD_SECONDS)
    layout.state.unlink(missing_ok=True)
