"""CostService: the provider's charges, for operators."""

from collections.abc import AsyncIterator
from dataclasses import astuple, replace
from datetime import date
from operator import attrgetter
from typing import Final, TypeVar
from uuid import UUID

from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1 import cost_service_pb2_grpc

from services.billing.costs import requests
from services.billing.costs.messages import daily_message, line_message, total_message
from services.billing.costs.rules.exporting import FORMATS, parts_of
from services.billing.costs.store.cost_feed import DayFilter, daily_costs
from services.billing.costs.store.cost_lines import (
    CostLine,
    LineFilter,
    LinePlace,
    invoice_uuids,
    list_lines,
    months_of_lines,
)
from services.billing.ingest.ingest_requests import amount_usd
from services.billing.ingest.store.totals import GROUPINGS, TotalPlace, list_totals, month_total
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.deployment_slugs import DeploymentSlugs
from services.common.rpc.messages import page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.common.values.money import plain

__all__ = ["CostServicer"]

Filter = TypeVar("Filter", LineFilter, DayFilter)

EXPORTED_LINES: Final = 1_000
"""Rows per chunk, which bounds the memory of an export."""


class CostServicer(cost_service_pb2_grpc.CostServiceServicer):
    """Reads and exports the provider's charges."""

    def __init__(self, database: Database, slugs: DeploymentSlugs) -> None:
        self._database = database
        self._slugs = slugs

    async def ListCostLines(
        self, request: pb.ListCostLinesRequest, context: Context
    ) -> pb.ListCostLinesResponse:
        """Lists lines by month, newest first, then in the bill's order."""
        size = requests.line_page_size(request)
        wanted = await self._with_slug(requests.line_filter(request), context)
        filters = ("cost lines", *map(str, astuple(wanted)))
        asked = page_request(request, filters, date, UUID, int, size=size)
        after = LinePlace(*asked.after) if asked.after else None
        reading = self._database.single_read(current_caller().scope)
        months = await months_of_lines(reading, wanted)
        lines = await list_lines(reading, wanted, months, after=after, limit=asked.limit)
        found = asked.page(lines, attrgetter("period", "id", "line_sets"))
        return page_message(pb.ListCostLinesResponse, found, line_message)

    async def ListCostTotals(
        self, request: pb.ListCostTotalsRequest, context: Context
    ) -> pb.ListCostTotalsResponse:
        """Lists a month's totals by a property of its lines, largest first."""
        period = requests.month("period", request.period).start
        if not request.group_by:
            raise InvalidArgument("group_by", "is required", reason="FIELD_REQUIRED")
        group_by = requests.one_of("group_by", request.group_by, tuple(GROUPINGS))
        filters = ("cost totals", period.isoformat(), group_by)
        asked = page_request(request, filters, str, str, str, int)
        after = None
        if asked.after:
            amount, *rest = asked.after
            after = TotalPlace(amount_usd("page_token", amount), *rest)
        async with self._database.read(current_caller().scope) as session:
            totals = await list_totals(session, period, group_by, after=after, limit=asked.limit)
            whole = await month_total(session, period)
        found = asked.page(
            totals, lambda one: (plain(one.amount_usd), one.value, one.tenant_id, one.version)
        )
        return page_message(pb.ListCostTotalsResponse, found, total_message, total_usd=whole)

    async def ListDailyCosts(
        self, request: pb.ListDailyCostsRequest, context: Context
    ) -> pb.ListDailyCostsResponse:
        """Lists daily estimates, newest day first."""
        wanted = await self._with_slug(requests.day_filter(request), context)
        asked = page_request(request, ("daily costs", *map(str, astuple(wanted))), date, UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await daily_costs(session, wanted, asked, newest_first=True)
        return page_message(pb.ListDailyCostsResponse, found, daily_message)

    async def ExportCostLines(
        self, request: pb.ExportCostLinesRequest, context: Context
    ) -> AsyncIterator[pb.ExportCostLinesResponse]:
        """Streams the filtered lines as a file; a line with several owners gives one line each.

        Each page has its own transaction, so a slow reader keeps none open. If lines are replaced
        in the meantime, the stream ends with an error.
        """
        form = FORMATS.get(request.format or "csv")
        if form is None:
            raise InvalidArgument("format", f"is not one of {', '.join(FORMATS)}")
        wanted = await self._with_slug(requests.line_filter(request.filter, "filter."), context)
        reading = self._database.single_read(current_caller().scope)
        months = await months_of_lines(reading, wanted)
        chunk: bytes = form.header()
        after: LinePlace | None = None
        while True:
            lines = await list_lines(reading, wanted, months, after=after, limit=EXPORTED_LINES)
            uuids = await invoice_uuids(reading)  # read after the lines, so none is missing
            named = (
                part._replace(invoice_uuid=uuids[line.provider_invoice_id])
                for line in lines
                for part in parts_of(line)
                if _belongs_to_owner(part, wanted)
            )
            yield pb.ExportCostLinesResponse(chunk=chunk + form.lines(named))
            if len(lines) < EXPORTED_LINES:
                return
            last = lines[-1]
            chunk, after = b"", LinePlace(last.period, last.id, last.line_sets)

    async def _with_slug(self, wanted: Filter, context: Context) -> Filter:
        """The filter, extended to costs stored under the deployment's slug."""
        slug = await self._slugs.of(wanted.deployment_id, remaining=context.time_remaining())
        return replace(wanted, slug=slug)


def _belongs_to_owner(part: CostLine, wanted: LineFilter) -> bool:
    """Whether a part of a line belongs to the requested owner."""
    if wanted.tenant_id and part.tenant_id != wanted.tenant_id:
        return False
    if not wanted.deployment_id or part.deployment_id == wanted.deployment_id:
        return True
    slug = wanted.slug
    return slug is not None and (part.tenant_id, part.deployment_id) == (slug.tenant_id, slug.slug)
