"""`arcadia sync`: a sync now, through Temporal, with its progress."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from grpc.aio import AioRpcError
from rich.console import Console
from rich.markup import escape
from rich.text import Text
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from cli.following import WAITING, followed
from cli.invoicing.freshness import freshness_of, table_of
from services.common.settings import Settings
from workflows.durable.connection import connect
from workflows.durable.progress import progress_of
from workflows.sync.payloads import KindOutcome, ResourceSyncInput, ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import SYNCED_KINDS, UnknownKind, full_sync, start_sync

__all__ = ["run_sync"]

Handle = WorkflowHandle[ResourceSync, ResourceSyncResult]

STYLES: Final = {"completed": "green", "partial": "yellow", "frozen": "yellow", "halted": "yellow"}


def run_sync(
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this kind; may be repeated ({', '.join(SYNCED_KINDS)})."),
    ] = None,
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
    status: Annotated[
        bool, typer.Option("--status", help="Only show how fresh each kind is; syncs nothing.")
    ] = False,
) -> None:
    """Sync the provider's account into the inventory now, or join the sync that runs."""
    settings = Settings()
    if status:
        _show_status(settings)
        return
    try:
        request = full_sync(settings, kind or ())
    except UnknownKind as error:
        raise typer.BadParameter(str(error)) from None
    if not asyncio.run(_sync(settings, request, follow=follow)):
        raise typer.Exit(1)


def _show_status(settings: Settings) -> None:
    console = Console()
    try:
        kinds = asyncio.run(freshness_of(settings))
    except AioRpcError as error:
        console.print(
            f"[red]The inventory does not answer:[/] {escape(str(error.details()))}",
            soft_wrap=True,
        )
        raise typer.Exit(1) from None
    console.print(table_of(kinds, datetime.now(UTC)), soft_wrap=True)


async def _sync(settings: Settings, request: ResourceSyncInput, *, follow: bool) -> bool:
    """Whether all went well, as far as was waited for."""
    console = Console()
    try:
        client = await connect(settings)
        handle: Handle = await start_sync(client, request)
    except (RuntimeError, RPCError) as error:
        address = settings.temporal()
        console.print(
            f"[red]Temporal at {address} does not take the sync:[/] {escape(str(error))}",
            soft_wrap=True,
        )
        return False
    run_id = handle.first_execution_run_id or handle.result_run_id
    console.print(f"{handle.id} · run {run_id}", soft_wrap=True)
    return await _follow(console, client, handle) if follow else True


async def _follow(console: Console, client: Client, handle: Handle) -> bool:
    async def doings() -> Sequence[str]:
        return (await progress_of(client, handle)).under_way or (WAITING,)

    outcomes, failure = await followed(console, _ending(handle), doings)
    for outcome in outcomes:
        console.print(_ended(outcome), soft_wrap=True)
    if failure:
        console.print(f"[red]The sync failed:[/] {escape(failure)}", soft_wrap=True)
    return not failure


async def _ending(handle: Handle) -> tuple[tuple[KindOutcome, ...], str]:
    """The outcomes by kind, and why it failed; empty when it did not."""
    try:
        return (await handle.result()).outcomes, ""
    except WorkflowFailureError as error:
        cause = error.cause
        told = await _told(handle)
        return told, cause.message if isinstance(cause, ApplicationError) else str(cause)


async def _told(handle: Handle) -> tuple[KindOutcome, ...]:
    """What a run that failed has told of its kinds; nothing when no worker answers."""
    try:
        return (await handle.query(ResourceSync.progress)).outcomes
    except RPCError:
        return ()


def _ended(outcome: KindOutcome) -> Text:
    return Text(outcome.in_words(), style=STYLES.get(outcome.outcome, "red"))
