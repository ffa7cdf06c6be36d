"""Checks whether the sources of a month's usage and costs are fresh.

The messages are in the past tense, because they are stored with the roll-up and read later.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from arcadia.billing.v1 import cost_feed_service_pb2 as costs_pb
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb

from services.analytics.peers import asking
from services.analytics.usage.rules.readings import RULES
from services.common.errors import ArcadiaError
from services.common.settings import Service
from services.common.values.periods import Period

if TYPE_CHECKING:
    from arcadia.billing.v1.cost_feed_service_pb2_grpc import CostFeedServiceAsyncStub
    from arcadia.inventory.v1.lookup_service_pb2_grpc import LookupServiceAsyncStub

__all__ = ["Freshness", "KnownBill", "Sources", "stale_kinds"]

METERED: Final = sorted(RULES)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The stale sources, in words."""

    stale: tuple[str, ...]
    """Kinds that the inventory did not see completely since the end of the month."""
    unknown: tuple[str, ...]
    """Other missing sources."""


@dataclass(frozen=True, slots=True)
class KnownBill:
    """The provider's bill of a month, as billing knows it."""

    has_arrived: bool
    is_ingested: bool
    version: str
    """Changes with its lines."""

    @property
    def is_complete(self) -> bool:
        """Whether all known invoices of the month are ingested and add up."""
        return self.has_arrived and self.is_ingested


class Sources:
    """Asks inventory and billing; if one does not answer, its sources are reported as unknown."""

    def __init__(
        self, inventory: "LookupServiceAsyncStub", costs: "CostFeedServiceAsyncStub"
    ) -> None:
        self._inventory = inventory
        self._costs = costs

    async def freshness(self, period: Period) -> Freshness:
        """The freshness of the sources of a month."""
        unknown: list[str] = []
        stale: list[str] = []
        try:
            stale += stale_kinds(await self._sweeps(), period)
        except ArcadiaError as error:
            unknown.append(f"the last complete read of the inventory was unknown: {error.message}")
        try:
            unknown += await self._bill(period)
        except ArcadiaError as error:
            unknown.append(f"the state of the provider's bill was unknown: {error.message}")
        return Freshness(tuple(stale), tuple(unknown))

    async def _sweeps(self) -> dict[str, datetime | None]:
        with asking(Service.INVENTORY):
            answer = await self._inventory.GetSweepTimes(
                lookup_pb.GetSweepTimesRequest(kinds=METERED)
            )
        return {
            one.kind: one.completed_sweep_at.ToDatetime(UTC)
            if one.HasField("completed_sweep_at")
            else None
            for one in answer.sweep_times
        }

    async def bill(self, period: Period) -> KnownBill:
        """The provider's bill of a month, as billing knows it."""
        request = costs_pb.ListPeriodCostsRequest(page_size=1, period=period.start.isoformat())
        with asking(Service.BILLING):
            answer = await self._costs.ListPeriodCosts(request)
        return KnownBill(bool(answer.cost_lines), answer.complete, answer.lines_version)

    async def _bill(self, period: Period) -> list[str]:
        known = await self.bill(period)
        if not known.has_arrived:
            return [f"the provider's bill of {period.code} had not arrived: costs were not final"]
        if not known.is_complete:
            return [f"the provider's bill of {period.code} was not ingested completely"]
        return []


def stale_kinds(sweeps: dict[str, datetime | None], period: Period) -> list[str]:
    """The kinds whose last complete sweep began before the end of the month, in words."""
    told = []
    for kind, at in sorted(sweeps.items()):
        if at is None:
            told.append(f"{kind} had never been read completely")
        elif at < period.end_at:
            told.append(f"{kind} was last read completely at {at:%Y-%m-%d %H:%M} UTC")
    return told
