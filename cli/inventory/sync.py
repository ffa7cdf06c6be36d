"""`arcadia sync`: a sync now, through Temporal, with its progress."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.caller import run
from cli.inventory.freshness import freshness, print_freshness
from cli.inventory.sweeps import OUTCOMES
from cli.options import Follow
from cli.output import say
from cli.runs import run_workflow, under_way
from services.common.settings import Settings
from workflows.sync.payloads import ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import SYNCED_KINDS, UnknownKind, sync_by_hand

__all__ = ["run_sync"]


def run_sync(
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this kind; may be repeated ({', '.join(SYNCED_KINDS)})."),
    ] = None,
    follow: Follow = True,
    status: Annotated[
        bool, typer.Option("--status", help="Only show how fresh each kind is; syncs nothing.")
    ] = False,
) -> None:
    """Sync the provider's account into the inventory now, or join the sync that runs."""
    if status:
        print_freshness(run(freshness()), datetime.now(UTC))
        return
    try:
        start = sync_by_hand(Settings(), kind or ())
    except UnknownKind as error:
        raise typer.BadParameter(str(error)) from None
    run_workflow(
        "sync",
        start,
        ResourceSync.run,
        _show,
        progress=under_way,
        reached=ResourceSync.progress,
        wait=follow,
    )


def _show(result: ResourceSyncResult) -> None:
    for outcome in result.outcomes:
        say(outcome.in_words(), OUTCOMES.get(outcome.outcome, "red"))
