"""CostFeedService: costs for other services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from arcadia.billing.v1 import cost_feed_service_pb2 as pb
from arcadia.billing.v1 import cost_feed_service_pb2_grpc

from services.billing.costs import requests
from services.billing.costs.messages import daily_message, line_message
from services.billing.costs.store import cost_feed
from services.billing.costs.store.cost_feed import DayFilter, UnitCost
from services.common.db.database import Database, ReadSession
from services.common.errors import Aborted, InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size

__all__ = ["CostFeedServicer"]

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
        asked = page_request(request, filters, str, UUID, size=size)
        version, after = asked.after or ("", None)
        async with self._database.read(current_caller().scope) as session:
            [sets] = await cost_feed.line_sets(session, [period])
            if asked.after and version != sets.version:
                raise Aborted(
                    "the month's lines changed; start at the first page", reason="LINES_CHANGED"
                )
            lines = await cost_feed.period_lines(session, period, after=after, limit=asked.limit)
        return page_message(
            pb.ListPeriodCostsResponse,
            asked.page(lines, lambda line: (sets.version, line.id)),
            line_message,
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
            sets = await cost_feed.line_sets(session, periods)
        return pb.GetLinesVersionsResponse(lines_versions=[one.version for one in sets])

    async def ListSpanCosts(
        self, request: pb.ListSpanCostsRequest, context: Context
    ) -> pb.ListSpanCostsResponse:
        """Lists the daily costs of a span, and the days without data."""
        span = requests.span(request.from_day, request.to_day)
        size = internal_page_size(request.page_size)
        filters = ("span costs", span.start.isoformat(), span.end.isoformat())
        asked = page_request(request, filters, date, UUID, size=size)
        wanted = DayFilter(span.start, span.end)
        async with self._database.read(current_caller().scope) as session:
            found = await cost_feed.daily_costs(session, wanted, asked, newest_first=False)
            known = await cost_feed.known_days(session, span)
        days = [span.start + timedelta(days=number) for number in range(span.days)]
        unknown = [day.isoformat() for day in days if day not in known]
        return message_of(
            pb.ListSpanCostsResponse,
            found,
            daily_costs=map(daily_message, found.rows),
            unknown_days=unknown,
        )

    async def GetUnitCosts(
        self, request: pb.GetUnitCostsRequest, context: Context
    ) -> pb.GetUnitCostsResponse:
        """Returns the unit cost of each kind by the newest bills; unknown kinds are omitted."""
        async with self._database.read(current_caller().scope) as session:
            costs = await self._newest_unit_costs(session)
        asked = set(request.resource_kinds)
        found = [one for one in costs if not asked or one.resource_kind in asked]
        return message_of(pb.GetUnitCostsResponse, unit_costs=found)

    async def _newest_unit_costs(self, session: ReadSession) -> Sequence[UnitCost]:
        period = await cost_feed.newest_month(session)
        if period is None:
            return ()
        [sets] = await cost_feed.line_sets(session, [period])
        if self._unit_costs.version != sets.version:
            self._unit_costs = _UnitCosts(
                sets.version, tuple(await cost_feed.unit_costs(session, period))
            )
        return self._unit_costs.costs
