"""`arcadia sync`: runs a sync and shows its progress."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from arcadia.inventory.v1.inventory_service_pb2 import ListSweepsRequest
from arcadia.inventory.v1.resources_pb2 import Sweep
from rich.text import Text

from cli.caller import run, send
from cli.inventory.sweeps import OUTCOMES
from cli.options import Follow
from cli.output import print_table, say
from cli.runs import run_workflow, under_way
from services.common.settings import Settings
from workflows.sync.payloads import ResourceSyncResult
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import SLOW_KINDS, SYNCED_KINDS, UnknownKind, sync_by_hand

__all__ = ["Freshness", "freshness", "print_freshness", "run_sync"]

TIMEOUT_SECONDS: Final = 10.0

MAX_AGE: Final = timedelta(hours=1, minutes=30)
MAX_AGE_OF_SLOW: Final = timedelta(hours=7)
"""Ages after which a kind has missed a scheduled sync."""

COMPLETE: Final = ("completed", "partial", "halted")
"""Outcomes of sweeps that read the whole list, including those halted by the breaker."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The freshness of a kind in the inventory."""

    kind: str
    complete_at: datetime | None
    """When it was last read completely; None if never."""
    latest: Sweep | None
    """Its last sweep, with any outcome."""

    def is_stale(self, now: datetime) -> bool:
        """Whether it missed a scheduled sync."""
        max_age = MAX_AGE_OF_SLOW if self.kind in SLOW_KINDS else MAX_AGE
        return self.complete_at is None or now - self.complete_at > max_age


async def freshness() -> list[Freshness]:
    """The freshness of every synced kind. Raises AioRpcError."""
    return list(await asyncio.gather(*(_freshness_of(kind) for kind in SYNCED_KINDS)))


async def _freshness_of(kind: str) -> Freshness:
    complete = [await _newest(kind, outcome) for outcome in COMPLETE]
    times = [sweep.finished_at.ToDatetime(UTC) for sweep in complete if sweep is not None]
    return Freshness(kind, max(times, default=None), await _newest(kind))


async def _newest(kind: str, outcome: str = "") -> Sweep | None:
    request = ListSweepsRequest(page_size=1, kind=kind, outcome=outcome)
    return next(iter((await send(request, TIMEOUT_SECONDS)).sweeps), None)


def print_freshness(kinds: list[Freshness], now: datetime) -> None:
    """Prints a line per kind, red if it is stale."""
    print_table(
        ("kind", "read completely", "ago", "last sweep"),
        (
            [Text(cell, style="red" if kind.is_stale(now) else "") for cell in _cells(kind, now)]
            for kind in kinds
        ),
    )


def _cells(kind: Freshness, now: datetime) -> tuple[str, str, str, str]:
    at, sweep = kind.complete_at, kind.latest
    ended = f"{sweep.outcome}: {sweep.reason}".removesuffix(": ") if sweep else ""
    if at is None:
        return kind.kind, "never", "", ended
    hours, minutes = divmod(int((now - at).total_seconds() // 60), 60)
    ago = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return kind.kind, at.isoformat(timespec="minutes"), ago, ended


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
    """Sync the provider's account to the inventory now, or join the active sync."""
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
