"""`arcadia sync --status`: when each kind was last read, and how its last sweep ended."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import grpc
from arcadia.inventory.v1.inventory_service_pb2 import ListSweepsRequest
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from arcadia.inventory.v1.resources_pb2 import Sweep
from rich.table import Table

from services.common.rpc.access import OPERATOR_ROLE, mint_user_token
from services.common.settings import Service, Settings
from workflows.sync.starts import SLOW_KINDS, SYNCED_KINDS

__all__ = ["Freshness", "freshness_of", "table_of"]

DEADLINE_SECONDS: Final = 10.0
TOKEN_SECONDS: Final = 60

HOURLY: Final = timedelta(hours=1, minutes=30)
SLOW: Final = timedelta(hours=7)
"""Older than these, a kind has missed a sync of its schedule."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is known of a kind, and how well."""

    kind: str
    complete_at: datetime | None
    """When it was last read completely; None when it never was."""
    latest: Sweep | None
    """Its last sweep, however it ended."""

    def is_stale(self, now: datetime) -> bool:
        """Whether it missed a sync of its schedule."""
        allowed = SLOW if self.kind in SLOW_KINDS else HOURLY
        return self.complete_at is None or now - self.complete_at > allowed


async def freshness_of(settings: Settings) -> list[Freshness]:
    """Of every kind that is synced, asked of the inventory. Raises AioRpcError."""
    token = mint_user_token(
        settings, subject="arcadia-sync", roles=[OPERATOR_ROLE], lifetime_seconds=TOKEN_SECONDS
    )
    async with grpc.aio.insecure_channel(settings.address(Service.INVENTORY)) as channel:
        inventory = InventoryServiceStub(channel)

        async def newest(**wanted: str) -> Sweep | None:
            answer: Any = await inventory.ListSweeps(
                ListSweepsRequest(page_size=1, **wanted),
                metadata=(("authorization", f"Bearer {token}"),),
                timeout=DEADLINE_SECONDS,
            )
            return next(iter(answer.sweeps), None)

        async def of(kind: str) -> Freshness:
            # A partial sweep, and one that the breaker halted, read the whole list too.
            words = ("completed", "partial", "halted")
            complete = [await newest(kind=kind, outcome=word) for word in words]
            times = [sweep.finished_at.ToDatetime(UTC) for sweep in complete if sweep is not None]
            return Freshness(kind, max(times, default=None), await newest(kind=kind))

        return list(await asyncio.gather(*(of(kind) for kind in SYNCED_KINDS)))


def table_of(kinds: list[Freshness], now: datetime) -> Table:
    """A line a kind."""
    table = Table("kind", "read completely", "ago", "last sweep", box=None, pad_edge=False)
    for kind in kinds:
        at = kind.complete_at
        table.add_row(
            kind.kind,
            "never" if at is None else at.isoformat(timespec="minutes"),
            "" if at is None else _ago(now - at),
            _ended(kind.latest),
            style="red" if kind.is_stale(now) else None,
        )
    return table


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _ended(sweep: Sweep | None) -> str:
    if sweep is None:
        return ""
    return f"{sweep.outcome}: {sweep.reason}" if sweep.reason else str(sweep.outcome)
