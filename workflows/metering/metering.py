"""Metering: today and yesterday, then the accrual of the running month.

In the first days of a month, the last month is metered again once a day: late sightings and
tombstones become adjustments on the next invoice.

A failed step is reported and does not stop the others; the run fails at the end.
"""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, Protocol

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME, PERIOD
    from contracts.metering import MarginInput, MeteringInput
    from services.common.values.periods import month_of
    from workflows.durable.reasons import final_failure, planned_at
    from workflows.durable.timeouts import FEW, short, with_heartbeat
    from workflows.metering.activities.metering import AttributionActivities, MeteringActivities
    from workflows.metering.payloads import (
        AttributeInput,
        MarginResult,
        MeterDayInput,
        MeteringResult,
        MonthInput,
    )

from workflows.durable.saga import on_failure

__all__ = ["MarginRefresh", "Metering"]

METERING: Final = with_heartbeat(timedelta(minutes=45), replace(FEW, maximum_attempts=8))
"""Timeout of a step, which must end before the next hour's run."""

HOURS_BETWEEN_COSTS: Final = 6
"""The hour in which daily costs are attributed, because they change once a day."""

SETTLED_HOUR: Final = 2
"""From this hour on, resources that disappeared before midnight are tombstoned, because three
hourly sweeps missed them."""

AGAIN_HOURS: Final = range(SETTLED_HOUR, SETTLED_HOUR + 4)
"""The hours whose first run meters the last month again."""

AGAIN_DAYS: Final = 10
"""The number of days in which it is metered again; later, use `arcadia usage meter --month`."""

PATCH_METER_AGAIN: Final = "meters-last-month-again"


class StepResult(Protocol):
    """The result of a step."""

    def in_words(self) -> str:
        """One line."""


@workflow.defn
class Metering:
    """Started by its schedule, and by `arcadia usage meter`."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._failed: list[str] = []

    @workflow.query
    def progress(self) -> MeteringResult:
        """The completed steps."""
        return MeteringResult(tuple(self._lines), tuple(self._failed))

    @workflow.run
    async def run(self, request: MeteringInput) -> MeteringResult:
        """The outcome of each step. Fails at the end if one failed."""
        today = planned_at().date()
        workflow.upsert_search_attributes([PERIOD.value_set(f"{today:%Y-%m}")])
        if not request.days:
            # Under two keys: the first run after midnight meters yesterday completely, and the
            # first run after it is settled does so again. Other runs find it done, and a missed run
            # is made up for.
            yesterday = today - timedelta(days=1)
            stage = "settled" if planned_at().hour >= SETTLED_HOUR else "ended"
            key = f"metering/{yesterday}/{stage}"
            await self._step(str(yesterday), self._meter(yesterday, key))
        for day in request.days or (today,):
            await self._step(str(day), self._meter(day, self._key(str(day))))
        if self._costs_are_due(request):
            await self._step("daily costs", self._attribute(today))
        await self._step("accrual", self._accrue(today))
        if self._last_month_is_due(request) and workflow.patched(PATCH_METER_AGAIN):
            last = month_of(today).preceding()
            await self._step(last.code, self._meter_month(last.start, today))
        outcome = "failed" if self._failed else "completed"
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])
        if self._failed:
            raise final_failure("StepsFailed", "; ".join(self._failed), self.progress())
        return self.progress()

    def _costs_are_due(self, request: MeteringInput) -> bool:
        if request.with_costs is not None:
            return request.with_costs
        return planned_at().hour % HOURS_BETWEEN_COSTS == 0

    def _last_month_is_due(self, request: MeteringInput) -> bool:
        if request.last_month_too is not None:
            return request.last_month_too
        at = planned_at()
        return not request.days and at.day <= AGAIN_DAYS and at.hour in AGAIN_HOURS

    def _meter_month(self, first: date, today: date) -> Awaitable[StepResult]:
        return METERING.run(
            MeteringActivities.meter_month,
            MonthInput(first, f"metering/again/{today}"),
            f"meter {first:%Y-%m} again from the current inventory",
        )

    def _meter(self, day: date, key: str) -> Awaitable[StepResult]:
        return METERING.run(
            MeteringActivities.meter_day,
            MeterDayInput(day, key),
            f"meter {day} from the inventory",
        )

    def _attribute(self, today: date) -> Awaitable[StepResult]:
        first, end = today.replace(day=1), today + timedelta(days=1)
        return METERING.run(
            AttributionActivities.attribute_daily_costs,
            AttributeInput(first, end, self._key("daily-costs")),
            f"attribute the daily costs from {first} on",
        )

    def _accrue(self, today: date) -> Awaitable[StepResult]:
        return METERING.run(
            AttributionActivities.refresh_accrual,
            MonthInput(today.replace(day=1), self._key("accrual")),
            "price each subscription with its usage so far",
        )

    async def _step(self, name: str, doing: Awaitable[StepResult]) -> None:
        with on_failure(lambda reason: self._failed.append(f"{name}: {reason}")):
            self._lines.append((await doing).in_words())
        told = [f"- {line}" for line in self._lines] + [f"- FAILED {one}" for one in self._failed]
        workflow.set_current_details("\n".join(told))

    def _key(self, step: str) -> str:
        info = workflow.info()
        return f"{info.workflow_id}/{info.run_id}/{step}"


MARGIN: Final = with_heartbeat(timedelta(hours=3))


@workflow.defn
class MarginRefresh:
    """Started by its schedule, by the roll-up, and by `arcadia margin refresh`.

    Scheduled runs name no month: they compute the last month, then earlier ones whose bill or
    invoices changed since. Failed months are reported at the end.
    """

    def __init__(self) -> None:
        self._told: list[str] = []
        self._failed: list[str] = []

    @workflow.run
    async def run(self, request: MarginInput) -> MarginResult:
        """The counts of the computed margin, of the named month or the last one."""
        period = request.period or _last_month(planned_at().date())
        workflow.upsert_search_attributes([PERIOD.value_set(f"{period:%Y-%m}")])
        if request.period is not None:
            return await self._refresh(period)
        # A failed month does not stop the others.
        result = await self._tried(period)
        for late in await self._unsettled(period):
            await self._tried(late)
        if result is None or self._failed:
            raise final_failure("MarginFailed", f"not computed: {'; '.join(self._failed)}")
        return result

    async def _tried(self, period: date) -> MarginResult | None:
        def fail(reason: str) -> None:
            self._failed.append(f"{period:%Y-%m}: {reason}")
            self._show(f"{period:%Y-%m} was not computed: {reason}")

        with on_failure(fail):
            return await self._refresh(period)
        return None

    async def _unsettled(self, period: date) -> list[date]:
        return await short(timedelta(hours=3)).run(
            AttributionActivities.unsettled_months,
            period,
            f"list months before {period:%Y-%m} with changed bills or invoices",
        )

    async def _refresh(self, period: date) -> MarginResult:
        info = workflow.info()
        costs = await MARGIN.run(
            AttributionActivities.attribute_costs,
            AttributeInput(period, period, f"{info.workflow_id}/{info.run_id}"),
            f"attribute the bill of {period:%Y-%m}",
        )
        tenants, deployments = await MARGIN.run(
            AttributionActivities.refresh_margin, period, f"compute the margin of {period:%Y-%m}"
        )
        result = MarginResult(period, costs, tenants, deployments)
        self._show(result.in_words())
        return result

    def _show(self, words: str) -> None:
        self._told.append(words)
        workflow.set_current_details("\n\n".join(self._told))


def _last_month(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
