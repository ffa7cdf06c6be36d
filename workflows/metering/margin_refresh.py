"""A month's margin: its bill brought to its owners, then revenue and costs side by side."""

from datetime import date, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.metering import MarginInput
    from contracts.search_attributes import PERIOD
    from workflows.durable.reasons import planned_at, reason_of
    from workflows.durable.timeouts import short, with_heartbeat
    from workflows.metering.activities.metering import AttributionActivities
    from workflows.metering.payloads import AttributeInput, MarginResult

__all__ = ["MarginRefresh"]

PATIENCE: Final = timedelta(hours=3)


@workflow.defn
class MarginRefresh:
    """Started by its schedule, by the month's end, and by `arcadia margin refresh`.

    The schedule's runs name no month: they compute the one that ended last, then those before it
    whose bill or invoices changed since. A month that fails is told at the end.
    """

    def __init__(self) -> None:
        self._told: list[str] = []
        self._failed: list[str] = []

    @workflow.run
    async def run(self, request: MarginInput) -> MarginResult:
        """What the margin was computed from: of the month that is named, else of the last."""
        period = request.period or _last_month(planned_at().date())
        workflow.upsert_search_attributes([PERIOD.value_set(f"{period:%Y-%m}")])
        if request.period is not None:
            return await self._refresh(period)
        # A month that cannot be computed keeps no other from being so.
        result = await self._tried(period)
        for late in await self._unsettled(period):
            await self._tried(late)
        if result is None or self._failed:
            raise ApplicationError(
                f"not computed: {'; '.join(self._failed)}", type="MarginFailed", non_retryable=True
            )
        return result

    async def _tried(self, period: date) -> MarginResult | None:
        try:
            return await self._refresh(period)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            self._failed.append(f"{period:%Y-%m}: {reason_of(error)}")
            self._tell(f"{period:%Y-%m} was not computed: {reason_of(error)}")
            return None

    async def _unsettled(self, period: date) -> list[date]:
        return await workflow.execute_activity_method(
            AttributionActivities.unsettled_months,
            period,
            **short(PATIENCE),
            summary=f"look for months before {period:%Y-%m} that something came late for",
        )

    async def _refresh(self, period: date) -> MarginResult:
        info = workflow.info()
        costs = await workflow.execute_activity_method(
            AttributionActivities.attribute_costs,
            AttributeInput(period, period, f"{info.workflow_id}/{info.run_id}"),
            **with_heartbeat(PATIENCE),
            summary=f"bring the bill of {period:%Y-%m} to its owners",
        )
        tenants, deployments = await workflow.execute_activity_method(
            AttributionActivities.refresh_margin,
            period,
            **with_heartbeat(PATIENCE),
            summary=f"compute the margin of {period:%Y-%m}",
        )
        result = MarginResult(period, costs, tenants, deployments)
        self._tell(result.in_words())
        return result

    def _tell(self, words: str) -> None:
        self._told.append(words)
        workflow.set_current_details("\n\n".join(self._told))


def _last_month(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
