"""`arcadia up`: lock, leftover processes, preflight, supervisor."""

import asyncio
import time
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from services.common.settings import Settings
from stack.layout import Layout
from stack.output.diagnosis import Failure
from stack.output.welcome import welcome
from stack.parts import first_sync, local_parts
from stack.preflight import problems
from stack.processes.guard import GUARD_SECONDS
from stack.processes.process import end_group
from stack.processes.supervisor import Supervisor
from stack.state import Lock, PartState, PartStatus, StackState

__all__ = ["Progress", "run_stack"]

SIGNS: Final = {
    PartState.READY: "[green]✓[/]",
    PartState.DONE: "[green]✓[/]",
    PartState.RESTARTING: "[yellow]↻[/]",
    PartState.FAILED: "[red]✗[/]",
}


class Progress:
    """Prints a moving line on a terminal, and plain lines elsewhere."""

    def __init__(self, console: Console, layout: Layout) -> None:
        self._console = console
        self._layout = layout
        self._began = time.monotonic()
        self._started_at: dict[str, float] = {}
        self._starting: list[str] = []
        self._status: Status | None = None
        self._stopping = False

    def changed(self, status: PartStatus) -> None:
        """The state of a part changed."""
        name, state = status.name, status.state
        if state is PartState.STARTING and name not in self._starting:
            self._started_at[name] = time.monotonic()
            self._starting.append(name)
        elif state is not PartState.STARTING and name in self._starting:
            self._starting.remove(name)
        never_up = state is PartState.FAILED and not status.since  # `failed` reports it
        if state in SIGNS and not never_up:
            self._tell(status)
        self._show()

    def failed(self, failure: Failure) -> None:
        """The stack cannot start, for this reason."""
        self.close()
        self._console.print(
            f"\n[bold red]{failure.part} cannot start:[/] {escape(failure.reason)}", soft_wrap=True
        )
        for line in failure.lines:
            self._console.print(f"  [dim]{escape(line)}[/]", soft_wrap=True)
        log = self._layout.log(failure.part)
        if failure.lines:
            self._console.print(f"full log: {log}", soft_wrap=True)

    def stopping(self) -> None:
        """The stack is stopping."""
        self._stopping = True
        self._starting.clear()
        self.close()
        self._console.print("stopping …", end=" ")

    def stopped(self) -> None:
        """All parts have stopped."""
        self._console.print("stopped")

    def close(self) -> None:
        """Stops the moving line."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _tell(self, status: PartStatus) -> None:
        elapsed = time.monotonic() - self._started_at.get(status.name, self._began)
        took = f"{elapsed:5.1f} s" if status.state in {PartState.READY, PartState.DONE} else ""
        texts = {
            PartState.RESTARTING: f"exited: {status.reason}; restarting",
            PartState.FAILED: f"failed: {status.reason}",
        }
        text = texts.get(status.state, status.state.value)
        self._console.print(
            f"{SIGNS[status.state]} {status.name:<10} {escape(text):<8} [dim]{took}[/]",
            soft_wrap=True,
        )

    def _show(self) -> None:
        """Shows the parts being waited for, if the terminal can show a moving line."""
        if not self._console.is_terminal:
            return
        if not self._starting or self._stopping:
            self.close()
            return
        text = f"starting {', '.join(self._starting)}"
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)


def run_stack(settings: Settings, console: Console) -> int:
    """Runs the whole stack until it is stopped; returns the exit code."""
    layout = Layout.of(settings)
    try:
        layout.make()
    except OSError as error:
        console.print(
            f"[red]{layout.folder} cannot be created:[/] {error.strerror}", soft_wrap=True
        )
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
            # Unwrapped, because a wrapped token cannot be pasted.
            console.out(line, highlight=False)
        console.out("Ctrl-C or `make down` stops it; the data are kept.", highlight=False)

    async def supervise() -> bool:
        return await Supervisor(parts, layout, lock, progress).run(greet)

    started = asyncio.run(supervise())
    progress.stopped()
    return 0 if started else 1


def _take_lock(layout: Layout, console: Console) -> Lock | None:
    """Takes the lock; after a killed supervisor, waits for its guard."""
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
                f"[red]A stack is already running on {layout.folder}{who}.[/]"
                " `make status` shows it, `make down` stops it. Another checkout or"
                " ARCADIA_DATA_DIR with an ARCADIA_PORT_OFFSET can run at the same time.",
                soft_wrap=True,
            )
            return None
        time.sleep(0.1)


def _end_leftovers(layout: Layout, console: Console) -> None:
    """Stops the processes of a killed supervisor whose guard was killed too."""
    state = StackState.read(layout.state)
    leftovers = state.running() if state else []
    if leftovers:
        console.print(f"ending {len(leftovers)} processes that a killed stack left")
        end_group(leftovers, GUARD_SECONDS)
    layout.state.unlink(missing_ok=True)
