"""Usage and margin, worked on page by page in the analytics service."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import metering_service_pb2 as metering_pb
from temporalio import activity

from services.common.values.periods import month_of
from workflows.durable.errors import as_failures
from workflows.durable.heartbeats import beating
from workflows.metering.activities.passes import Overtaken, through
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

SERVICE: Final = "analytics"

SECONDS_A_CALL: Final = 300.0
"""The last page of a pass replaces what may be a million rows."""


class MeteringActivities:
    """Needs the stub of the metering."""

    def __init__(self, metering: "MeteringServiceAsyncStub") -> None:
        self._metering = metering

    @activity.defn
    async def meter_day(self, request: MeterDayInput) -> DayMetered:
        """Meters a day; what breaks off changes nothing."""
        with as_failures(SERVICE):
            return await self._through(request.day, request.pass_key)

    @activity.defn
    async def meter_month(self, request: MonthInput) -> MonthMetered:
        """Meters all days of a month, the last one first.

        Every day has a pass of its own: an attempt after this one finds those done that are.
        """
        month = month_of(request.period)
        figures = 0
        with as_failures(SERVICE):
            for back in range(1, month.days + 1):
                day = month.end - timedelta(days=back)
                told = await self._through(day, f"{request.pass_key}/{day}", PassCursor())
                figures += told.usage_count
        return MonthMetered(month.start, month.days, figures)

    async def _through(
        self, day: date, pass_key: str, start: PassCursor | None = None
    ) -> DayMetered:
        async def ask(key: str, token: str) -> metering_pb.MeterDayResponse:
            return await self._metering.MeterDay(
                metering_pb.MeterDayRequest(day=day.isoformat(), pass_key=key, page_token=token),
                timeout=SECONDS_A_CALL,
            )

        try:
            cursor, last = await through(
                pass_key,
                ask,
                lambda page: (page.interval_count, page.unmetered_count),
                start=start,
            )
        except Overtaken:
            return DayMetered(day, 0, 0, 0, overtaken=True)
        intervals, unmetered = cursor.counts
        return DayMetered(day, intervals, unmetered, last.usage_count)


class AttributionActivities:
    """Needs the stub of the attribution."""

    def __init__(self, attribution: "AttributionServiceAsyncStub") -> None:
        self._attribution = attribution

    @activity.defn
    async def attribute_daily_costs(self, request: AttributeInput) -> AttributedCosts:
        """Attributes the daily costs of a span of one month."""

        async def ask(key: str, token: str) -> attribution_pb.AttributeDailyCostsResponse:
            return await self._attribution.AttributeDailyCosts(
                attribution_pb.AttributeDailyCostsRequest(
                    from_day=request.from_day.isoformat(),
                    to_day=request.to_day.isoformat(),
                    pass_key=key,
                    page_token=token,
                ),
                timeout=SECONDS_A_CALL,
            )

        return await _attributed(request.pass_key, ask)

    @activity.defn
    async def attribute_costs(self, request: AttributeInput) -> AttributedCosts:
        """Attributes the bill of a month."""

        async def ask(key: str, token: str) -> attribution_pb.AttributeCostsResponse:
            return await self._attribution.AttributeCosts(
                attribution_pb.AttributeCostsRequest(
                    period=request.from_day.isoformat(), pass_key=key, page_token=token
                ),
                timeout=SECONDS_A_CALL,
            )

        return await _attributed(request.pass_key, ask)

    @activity.defn
    async def refresh_accrual(self, request: MonthInput) -> Accrued:
        """Prices every subscription with its usage so far."""

        async def ask(key: str, token: str) -> attribution_pb.RefreshAccrualResponse:
            return await self._attribution.RefreshAccrual(
                attribution_pb.RefreshAccrualRequest(
                    period=request.period.isoformat(), pass_key=key, page_token=token
                ),
                timeout=SECONDS_A_CALL,
            )

        with as_failures(SERVICE):
            try:
                cursor, _ = await through(
                    request.pass_key, ask, lambda page: (page.priced_count, page.failed_count)
                )
            except Overtaken:
                return Accrued()
        return Accrued(*cursor.counts)

    @activity.defn
    async def unsettled_months(self, before: date) -> list[date]:
        """The months before one whose margin is to be computed anew."""
        with as_failures(SERVICE):
            answer = await self._attribution.GetUnsettledMonths(
                attribution_pb.GetUnsettledMonthsRequest(before=before.isoformat()),
                timeout=SECONDS_A_CALL,
            )
        return [date.fromisoformat(period) for period in answer.periods]

    @activity.defn
    async def refresh_margin(self, period: date) -> tuple[int, int]:
        """Computes a month's margin; how many tenants and deployments have a share."""
        with as_failures(SERVICE):
            async with beating(lambda: None):
                answer = await self._attribution.RefreshMargin(
                    attribution_pb.RefreshMarginRequest(period=period.isoformat()),
                    timeout=SECONDS_A_CALL,
                )
        return answer.tenant_count, answer.deployment_count


async def _attributed(pass_key: str, ask: Any) -> AttributedCosts:
    with as_failures(SERVICE):
        try:
            cursor, _ = await through(pass_key, ask, _counts)
        except Overtaken:
            return AttributedCosts()
    return AttributedCosts(*cursor.counts)


def _counts(page: Any) -> tuple[int, ...]:
    return page.tenant_count, page.internal_count, page.unattributed_count, page.shared_count
