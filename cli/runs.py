"""Starts workflow runs and follows them to completion, with progress."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.text import Text
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from cli.output import say
from contracts.flows import Start, start_flow
from services.common.durable import connect
from services.common.settings import Settings
from workflows.durable.progress import WAITS, details_of, progress_of
from workflows.durable.reasons import reason_of

__all__ = ["WAITING", "details", "follow", "run_workflow", "under_way"]

POLL_SECONDS: Final = 0.5
WAITING: Final = "waiting for a worker"
UNDER_WAY: Final = "under way"
"""The progress of a run that reports none yet."""
QUERY_TIMEOUT: Final = timedelta(seconds=2)
"""Timeout for the worker, which may be down."""

Result = TypeVar("Result")
Handle = WorkflowHandle[Any, Any]
Progress = Callable[[Client, Handle], Awaitable[Sequence[str]]]


async def details(_: Client, handle: Handle) -> Sequence[str]:
    """The progress that a run reports, or that no worker responds."""
    reported = await details_of(handle, QUERY_TIMEOUT)
    if reported is None:
        return (WAITING,)
    return [line.removeprefix("- ") for line in reported.splitlines() if line]


async def under_way(client: Client, handle: Handle) -> Sequence[str]:
    """The running activities and child workflows of a run, according to Temporal."""
    return (await progress_of(client, handle)).under_way or (WAITING,)


def run_workflow(
    noun: str,
    start: Start[Any],
    workflow: Callable[..., Any],
    show: Callable[[Any], object] = lambda result: say(result.in_words()),
    *,
    progress: Progress = details,
    reached: Callable[[Any], Any] | None = None,
    wait: bool = True,
) -> None:
    """Starts a run, or joins the active one, and shows its result; exits on failure.

    `workflow` is the method that the run calls, whose return type is the type of the result; by
    default, the result is shown in words. `reached` is the query for the progress of a failed
    run, which is shown as well. Without `wait`, only prints the run.
    """
    if not asyncio.run(_run(noun, start, workflow, show, progress, reached, wait=wait)):
        raise typer.Exit(1)


async def _run(
    noun: str,
    start: Start[Any],
    workflow: Callable[..., Any],
    show: Callable[[Any], object],
    progress: Progress,
    reached: Callable[[Any], Any] | None,
    *,
    wait: bool,
) -> bool:
    settings = Settings()
    try:
        client = await connect(settings)
        handle: Handle = await start_flow(client, start, workflow)
        say(f"{handle.id} · run {handle.first_execution_run_id or handle.result_run_id}")
        if wait:
            show(await follow(Console(), handle.result(), lambda: progress(client, handle)))
    except WorkflowFailureError as error:
        result = await _reached(handle, reached) if reached else None
        if result is not None:
            show(result)
        say(Text.assemble((f"The {noun} failed:", "red"), f" {reason_of(error.cause)}"))
        return False
    except (RuntimeError, RPCError) as error:
        refusal = f"Temporal at {settings.temporal()} rejected the {noun}:"
        say(Text.assemble((refusal, "red"), f" {error}"))
        return False
    return True


async def follow(
    console: Console,
    ending: Coroutine[Any, Any, Result],
    progress: Callable[[], Awaitable[Sequence[str]]],
) -> Result:
    """Waits for the result. Shows the progress meanwhile on a terminal.

    Without a terminal, prints one line per attempt.
    """
    task = asyncio.create_task(ending)
    waits: set[str] = set()
    try:
        with Live(console=console, transient=True) as live:
            while not task.done():
                lines = await progress() or (UNDER_WAY,)
                if not console.is_terminal:
                    for line in lines:
                        if WAITS in line and line not in waits:
                            waits.add(line)
                            say(line)
                live.update(Group(*(Spinner("dots", escape(line)) for line in lines)))
                await asyncio.wait({task}, timeout=POLL_SECONDS)
        return await task
    finally:
        task.cancel()


async def _reached(handle: Handle, query: Callable[[Any], Any]) -> Any:
    """The progress of a failed run; None if no worker answers."""
    try:
        return await handle.query(query)
    except RPCError:
        return None
