"""CostFeedService: costs for other services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from arcadia.billing.v1 import cost_feed_service_pb2 as pb
from arcadia.billing.v1 import cost_feed_service_pb2_grpc
from grpc.aio import ServicerContext

from services.billing.costs import requests
from services.billing.costs.messages import daily_message, line_message
from services.billing.costs.store.cost_feed import (
    DayFilter,
    UnitCost,
    daily_costs,
    known_days,
    line_sets,
    newest_month,
    period_lines,
    unit_costs,
)
from services.billing.ingest.ingest_requests import uuid_of
from services.common.db.database import Database, ReadSession
from services.common.errors import Aborted, InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.paging import cut, decode_token
from services.common.rpc.wire import internal_page_size
from services.common.values.money import plain
from services.common.values.periods import read_day

__all__ = ["CostFeedServicer"]

Context = ServicerContext[Any, Any]

MAX_MONTHS: Final = 240


@dataclass(frozen=True, slots=True)
class _UnitCosts:
    """The version of the line sets in a page token."""

    version: str = ""
    costs: tuple[UnitCost, ...] = ()


class CostFeedServicer(cost_feed_service_pb2_grpc.CostFeedServiceServicer):
    """The costs of the margin."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unit_costs = _UnitCosts()

    async def ListPeriodCosts(
        self, request: pb.ListPeriodCostsRequest, context: Context
    ) -> pb.ListPeriodCostsResponse:
        """Lists a month's lines; fails if they changed between pages."""
        period = requests.month("period", request.period).start
        size = internal_page_size(request.page_size)
        filters = ("period costs", period.isoformat())
        position = decode_token(request.page_token, filters, (str, str))
        after = uuid_of("page_token", position[1]) if position else None
        async with self._database.read(current_caller().scope) as session:
            [sets] = await line_sets(session, [period])
            if position is not None and position[0] != sets.version:
                raise Aborted(
                    "the month's lines changed; start at the first page", reason="LINES_CHANGED"
                )
            lines = await period_lines(session, period, after=after, limit=size + 1)
        page, token = cut(lines, size, filters, lambda line: (sets.version, str(line.id)))
        return pb.ListPeriodCostsResponse(
            cost_lines=map(line_message, page),
            next_page_token=token,
            complete=sets.complete,
            lines_version=sets.version,
        )

    async def GetLinesVersions(
        self, request: pb.GetLinesVersionsRequest, context: Context
    ) -> pb.GetLinesVersionsResponse:
        """Returns the versions of the months' line sets."""
        if len(request.periods) > MAX_MONTHS:
            raise InvalidArgument("periods", f"must not be more than {MAX_MONTHS}")
        periods = [
            requests.month(f"periods[{index}]", period).start
            for index, period in enumerate(request.periods)
        ]
        async with self._database.read(current_caller().scope) as session:
            sets = await line_sets(session, periods)
        return pb.GetLinesVersionsResponse(lines_versions=[one.version for one in sets])

    async def ListSpanCosts(
        self, request: pb.ListSpanCostsRequest, context: Context
    ) -> pb.ListSpanCostsResponse:
        """Lists the daily costs of a span, and the days without data."""
        span = requests.span(request.from_day, request.to_day)
        size = internal_page_size(request.page_size)
        filters = ("span costs", span.start.isoformat(), span.end.isoformat())
        position = decode_token(request.page_token, filters, (str, str))
        after = None
        if position is not None:
            day, identifier = position
            after = (read_day(day, "page_token"), uuid_of("page_token", identifier))
        wanted = DayFilter(span.start, span.end)
        async with self._database.read(current_caller().scope) as session:
            rows = await daily_costs(
                session, wanted, newest_first=False, after=after, limit=size + 1
            )
            known = await known_days(session, span)
        page, token = cut(rows, size, filters, lambda one: (one.day.isoformat(), str(one.id)))
        days = [span.start + timedelta(days=number) for number in range(span.days)]
        return pb.ListSpanCostsResponse(
            daily_costs=map(daily_message, page),
            next_page_token=token,
            unknown_days=[day.isoformat() for day in days if day not in known],
        )

    async def GetUnitCosts(
        self, request: pb.GetUnitCostsRequest, context: Context
    ) -> pb.GetUnitCostsResponse:
        """Returns the unit cost of each kind by the newest bills; unknown kinds are omitted."""
        async with self._database.read(current_caller().scope) as session:
            costs = await self._newest_unit_costs(session)
        asked = set(request.resource_kinds)
        found = [one for one in costs if not asked or one.kind in asked]
        return pb.GetUnitCostsResponse(
            unit_costs=[
                pb.UnitCost(
                    resource_kind=one.kind,
                    unit_cost_usd=plain(one.usd),
                    period=one.period.isoformat(),
                )
                for one in found
            ]
        )

    async def _newest_unit_costs(self, session: ReadSession) -> Sequence[UnitCost]:
        period = await newest_month(session)
        if period is None:
            return ()
        [sets] = await line_sets(session, [period])
        if self._unit_costs.version != sets.version:
            self._unit_costs = _UnitCosts(sets.version, tuple(await unit_costs(session, period)))
        return self._unit_costs.costs
