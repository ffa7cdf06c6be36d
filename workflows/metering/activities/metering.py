"""Activities that meter usage and compute margins by pages in the analytics service."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import grpc
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import metering_service_pb2 as metering_pb

from services.common.values.periods import month_of
from workflows.durable.activities import service_activity
from workflows.durable.errors import reason_of_refusal
from workflows.durable.heartbeats import beating, reached_before
from workflows.metering.payloads import (
    Accrued,
    AttributedCosts,
    AttributeInput,
    DayMetered,
    MeterDayInput,
    MonthInput,
    MonthMetered,
    PassCursor,
)

if TYPE_CHECKING:
    from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceAsyncStub
    from arcadia.analytics.v1.metering_service_pb2_grpc import MeteringServiceAsyncStub

__all__ = ["AttributionActivities", "MeteringActivities"]

Counts = TypeVar("Counts", AttributedCosts, Accrued)

SERVICE: Final = "analytics"
MAX_RESTARTS: Final = 5

SECONDS_A_CALL: Final = 300.0
"""Timeout of the last page of a generation, which may replace a million rows."""


class Overtaken(Exception):
    """A younger generation of the same subject finished first, so nothing is left to do."""


async def _run_pass(
    rpc: Any, request: Any, names: Sequence[str], start: PassCursor | None = None
) -> tuple[PassCursor, Any]:
    """Processes all pages; returns the sums of the named counts, and the last page.

    It resumes from `start` or the heartbeat of an earlier attempt. If its source changed, it starts
    again under a new key. Raises Overtaken.
    """
    pass_key = request.pass_key
    cursor = start or reached_before(PassCursor) or PassCursor()
    async with beating(lambda: cursor):
        while True:
            request.pass_key = f"{pass_key}/{cursor.restarts}" if cursor.restarts else pass_key
            request.page_token = cursor.page_token
            try:
                answer = await rpc(request, timeout=SECONDS_A_CALL)
            except grpc.aio.AioRpcError as error:
                cursor = _restarted(cursor, error)
                continue
            so_far = cursor.counts or (0,) * len(names)
            sums = tuple(
                count + getattr(answer, name) for count, name in zip(so_far, names, strict=True)
            )
            cursor = replace(cursor, page_token=answer.next_page_token, counts=sums)
            if not cursor.page_token:
                return cursor, answer


def _restarted(cursor: PassCursor, error: grpc.aio.AioRpcError) -> PassCursor:
    if error.code() is not grpc.StatusCode.ABORTED or cursor.restarts >= MAX_RESTARTS:
        raise error
    if reason_of_refusal(error) == "PASS_SUPERSEDED":
        raise Overtaken from error
    return PassCursor(restarts=cursor.restarts + 1)


async def _counted(rpc: Any, request: Any, counts: type[Counts]) -> Counts:
    """Runs a generation whose pages return the fields of a dataclass; returns their sums."""
    try:
        cursor, _ = await _run_pass(rpc, request, [field.name for field in fields(counts)])
    except Overtaken:
        return counts()
    return counts(*cursor.counts)


class MeteringActivities:
    """Uses the analytics' MeteringService."""

    def __init__(self, metering: "MeteringServiceAsyncStub") -> None:
        self._metering = metering

    @service_activity(SERVICE)
    async def meter_day(self, request: MeterDayInput) -> DayMetered:
        """Meters a day atomically."""
        return await self._meter(request.day, request.pass_key)

    @service_activity(SERVICE)
    async def meter_month(self, request: MonthInput) -> MonthMetered:
        """Meters all days of a month, last day first.

        Every day is a separate generation, so a retry skips finished days.
        """
        month = month_of(request.period)
        figures = 0
        for back in range(1, month.days + 1):
            day = month.end - timedelta(days=back)
            told = await self._meter(day, f"{request.pass_key}/{day}", PassCursor())
            figures += told.usage_count
        return MonthMetered(month.start, month.days, figures)

    async def _meter(self, day: date, pass_key: str, start: PassCursor | None = None) -> DayMetered:
        request = metering_pb.MeterDayRequest(day=day.isoformat(), pass_key=pass_key)
        names = ("interval_count", "unmetered_count")
        try:
            cursor, last = await _run_pass(self._metering.MeterDay, request, names, start)
        except Overtaken:
            return DayMetered(day, 0, 0, 0, overtaken=True)
        intervals, unmetered = cursor.counts
        return DayMetered(day, intervals, unmetered, last.usage_count)


class AttributionActivities:
    """Uses the analytics' AttributionService."""

    def __init__(self, attribution: "AttributionServiceAsyncStub") -> None:
        self._attribution = attribution

    @service_activity(SERVICE)
    async def attribute_daily_costs(self, request: AttributeInput) -> AttributedCosts:
        """Attributes the daily costs of a range of days within a month."""
        span = attribution_pb.AttributeDailyCostsRequest(
            from_day=request.from_day.isoformat(),
            to_day=request.to_day.isoformat(),
            pass_key=request.pass_key,
        )
        return await _counted(self._attribution.AttributeDailyCosts, span, AttributedCosts)

    @service_activity(SERVICE)
    async def attribute_costs(self, request: AttributeInput) -> AttributedCosts:
        """Attributes the bill of a month."""
        month = attribution_pb.AttributeCostsRequest(
            period=request.from_day.isoformat(), pass_key=request.pass_key
        )
        return await _counted(self._attribution.AttributeCosts, month, AttributedCosts)

    @service_activity(SERVICE)
    async def refresh_accrual(self, request: MonthInput) -> Accrued:
        """Prices every subscription with its usage so far."""
        month = attribution_pb.RefreshAccrualRequest(
            period=request.period.isoformat(), pass_key=request.pass_key
        )
        return await _counted(self._attribution.RefreshAccrual, month, Accrued)

    @service_activity(SERVICE)
    async def unsettled_months(self, before: date) -> list[date]:
        """The earlier months whose margin must be recomputed."""
        answer = await self._attribution.GetUnsettledMonths(
            attribution_pb.GetUnsettledMonthsRequest(before=before.isoformat()),
            timeout=SECONDS_A_CALL,
        )
        return [date.fromisoformat(period) for period in answer.periods]

    @service_activity(SERVICE, heartbeat=True)
    async def refresh_margin(self, period: date) -> tuple[int, int]:
        """Computes a month's margin; returns its numbers of tenants and deployments."""
        answer = await self._attribution.RefreshMargin(
            attribution_pb.RefreshMarginRequest(period=period.isoformat()),
            timeout=SECONDS_A_CALL,
        )
        return answer.tenant_count, answer.deployment_count
