"""A run that is waited for: what it is doing, in words, until it has ended."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from services.common.settings import Settings
from workflows.durable.connection import connect
from workflows.durable.progress import WAITS, details_of
from workflows.durable.reasons import reason_of

__all__ = ["WAITING", "doings_of", "followed", "ran"]

LOOK_SECONDS: Final = 0.5
WAITING: Final = "waiting for a worker"
UNDER_WAY: Final = "under way"
"""What is said of a run that says nothing of itself yet."""
PATIENCE: Final = timedelta(seconds=2)
"""For an answer of the worker, which may be down."""

Result = TypeVar("Result")
Doings = Callable[[], Awaitable[Sequence[str]]]


async def followed(console: Console, ending: Coroutine[Any, Any, Result], doings: Doings) -> Result:
    """Waits for the result. Shows the progress meanwhile on a terminal.

    Without a terminal, prints one line for each attempt that it waits for.
    """
    task = asyncio.create_task(ending)
    said: set[str] = set()
    try:
        with Live(console=console, transient=True) as live:
            while not task.done():
                lines = await doings() or (UNDER_WAY,)
                if not console.is_terminal:
                    _say_waits(console, lines, said)
                live.update(Group(*(Spinner("dots", escape(line)) for line in lines)))
                await asyncio.wait({task}, timeout=LOOK_SECONDS)
        return await task
    finally:
        task.cancel()


def _say_waits(console: Console, lines: Sequence[str], said: set[str]) -> None:
    for line in lines:
        if WAITS in line and line not in said:
            said.add(line)
            console.print(line, markup=False, highlight=False, soft_wrap=True)


async def doings_of(handle: WorkflowHandle[Any, Any]) -> Sequence[str]:
    """What a run says of itself, or that no worker answers."""
    told = await details_of(handle, PATIENCE)
    if told is None:
        return (WAITING,)
    return [line.removeprefix("- ") for line in told.splitlines() if line]


def ran(start: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401
    """The result of a workflow that is started now; ends the program when it fails."""

    async def run() -> Any:  # noqa: ANN401
        console = Console()
        handle = await start(await connect(Settings()))
        console.print(f"{handle.id} · run {handle.result_run_id}", markup=False)
        return await followed(console, handle.result(), lambda: doings_of(handle))

    try:
        return asyncio.run(run())
    except WorkflowFailureError as error:
        Console(stderr=True).print(f"failed: {reason_of(error.cause)}", markup=False)
    except (RuntimeError, RPCError) as error:
        Console(stderr=True).print(f"Temporal does not answer: {error}", markup=False)
    raise typer.Exit(1)
