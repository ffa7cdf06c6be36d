"""What the user sees while the stack starts, runs and stops: one line a step."""

import time
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from stack.layout import Layout
from stack.output.diagnosis import Failure
from stack.state import PartState, PartStatus

__all__ = ["Progress"]

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
        """A part changed its state."""
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
        """The stack cannot start, because of this."""
        self.close()
        self._console.print(
            f"\n[bold red]{failure.part} cannot start:[/] {escape(failure.reason)}", soft_wrap=True
        )
        for line in failure.lines:
            self._console.print(f"  [dim]{escape(line)}[/]", soft_wrap=True)
        log = self._layout.log(failure.part)
        if failure.lines:
            self._console.print(f"the whole log: {log}", soft_wrap=True)

    def stopping(self) -> None:
        """The stack is being stopped."""
        self._stopping = True
        self._starting.clear()
        self.close()
        self._console.print("stopping …", end=" ")

    def stopped(self) -> None:
        """Nothing of the stack runs any more."""
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
            PartState.RESTARTING: f"died: {status.reason}; it is restarted",
            PartState.FAILED: f"failed: {status.reason}",
        }
        text = texts.get(status.state, status.state.value)
        self._console.print(
            f"{SIGNS[status.state]} {status.name:<10} {escape(text):<8} [dim]{took}[/]",
            soft_wrap=True,
        )

    def _show(self) -> None:
        """Names what is being waited for, where the terminal can show a moving line."""
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
