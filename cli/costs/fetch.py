"""`arcadia costs fetch`: the provider's bills now, through Temporal, with their progress."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from cli.following import WAITING, followed
from services.common.settings import Settings
from workflows.costs.billing_history import BillingHistory
from workflows.costs.payloads import HistoryResult
from workflows.costs.starts import start_billing_history
from workflows.durable.connection import connect
from workflows.durable.progress import progress_of

__all__ = ["fetch_bills"]

Handle = WorkflowHandle[BillingHistory, HistoryResult]


def fetch_bills(
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
) -> None:
    """Walk the billing history now and ingest what is due, or join the walk that runs."""
    if not asyncio.run(_fetch(Settings(), follow=follow)):
        raise typer.Exit(1)


async def _fetch(settings: Settings, *, follow: bool) -> bool:
    """Whether all went well, as far as was waited for."""
    console = Console()
    try:
        client = await connect(settings)
        handle: Handle = await start_billing_history(client)
    except (RuntimeError, RPCError) as error:
        console.print(
            f"[red]Temporal at {settings.temporal()} does not take the walk:[/]"
            f" {escape(str(error))}",
            soft_wrap=True,
        )
        return False
    run_id = handle.first_execution_run_id or handle.result_run_id
    console.print(f"{handle.id} · run {run_id}", soft_wrap=True)
    return await _follow(console, client, handle) if follow else True


async def _follow(console: Console, client: Client, handle: Handle) -> bool:
    async def doings() -> Sequence[str]:
        return (await progress_of(client, handle)).under_way or (WAITING,)

    result, failure = await followed(console, _ending(handle), doings)
    if result is not None:
        _tell(console, result)
    if failure:
        console.print(f"[red]The walk failed:[/] {escape(failure)}", soft_wrap=True)
    return not failure


async def _ending(handle: Handle) -> tuple[HistoryResult | None, str]:
    """What became of it as far as is known, and why it failed; empty when it did not."""
    try:
        return await handle.result(), ""
    except WorkflowFailureError as error:
        cause = error.cause
        reason = cause.message if isinstance(cause, ApplicationError) else str(cause)
        return await _told(handle), reason


async def _told(handle: Handle) -> HistoryResult | None:
    """What a walk that failed has told; None when no worker answers."""
    try:
        return await handle.query(BillingHistory.progress)
    except RPCError:
        return None


def _tell(console: Console, result: HistoryResult) -> None:
    _say(console, f"history: {result.walk.in_words()}", "")
    for line in result.ingested:
        _say(console, line, "green")
    for uuid in result.running_elsewhere:
        _say(console, f"{uuid}: is being ingested already", "yellow")
    for line in result.failed:
        _say(console, f"failed: {line}", "red")


def _say(console: Console, line: str, style: str) -> None:
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
