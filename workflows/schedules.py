"""What runs when, in one table; Temporal's schedules are brought to it when a worker starts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    ScheduleRange,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from contracts.providers import DIGITALOCEAN
from contracts.queues import TaskQueue
from services.common.settings import Settings
from workflows.costs.balance_snapshot import BalanceSnapshot
from workflows.costs.billing_history import BillingHistory
from workflows.costs.daily_costs import DailyCosts
from workflows.costs.payloads import BalanceInput, HistoryInput
from workflows.costs.starts import (
    BALANCE_SNAPSHOT_ID,
    BILLING_HISTORY_ID,
    DAILY_COSTS_ID,
    HISTORY_TIMEOUT,
    OF_THE_PROVIDER,
)
from workflows.drift.drift_sweep import DriftSweep
from workflows.durable.schedule_rows import EVERY_HOUR, PlannedSchedule, start_of
from workflows.invoicing.month_end import MonthEnd
from workflows.invoicing.payloads import MonthEndInput
from workflows.lifecycle_schedules import planned_lifecycle
from workflows.metering.margin_refresh import MarginRefresh
from workflows.metering.metering import Metering
from workflows.metering.payloads import MarginInput, MeteringInput
from workflows.metering.starts import (
    MARGIN_REFRESH_ID,
    MARGIN_TIMEOUT,
    METERING_ID,
    METERING_TIMEOUT,
)
from workflows.sync.payloads import ResourceSyncInput
from workflows.sync.resource_sync import ResourceSync
from workflows.sync.starts import (
    DRIFT_SWEEP_ID,
    DRIFT_SWEEP_TIMEOUT,
    HOURLY_KINDS,
    RESOURCE_SYNC_ID,
    SLOW_KINDS,
    SLOW_SYNC_ID,
    SYNC_TIMEOUT,
    drift_attributes_of,
    drift_summary_of,
    drift_sweep,
    full_sync,
    search_attributes_of,
    summary_of,
)

__all__ = ["MONTH_END_ID", "ensure_schedules", "planned"]

MONTH_END_ID: Final = "month-end"
MONTH_END_TIMEOUT: Final = timedelta(days=27)
"""Until the next one: a run that finds no worker waits for one, and is not given up."""
MONTH_END_CATCH_UP: Final = timedelta(days=20)

BALANCE_TIMEOUT: Final = timedelta(minutes=50)


def planned(settings: Settings) -> tuple[PlannedSchedule, ...]:
    """The table."""
    return (
        PlannedSchedule(
            id=RESOURCE_SYNC_ID,
            calendar=ScheduleCalendarSpec(hour=EVERY_HOUR, minute=(ScheduleRange(15),)),
            action=_sync(
                full_sync(settings, HOURLY_KINDS), RESOURCE_SYNC_ID, TaskQueue.CLOUD_SYNC_FULL
            ),
            # A sync that still runs reads what the next one would; one missed is made up
            # for by the next hour's, so an old one is not worth running.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=10),
            jitter=timedelta(seconds=10),
            note="hourly at :15: what comes and goes, from DigitalOcean into the inventory",
        ),
        PlannedSchedule(
            id=SLOW_SYNC_ID,
            calendar=ScheduleCalendarSpec(
                hour=(ScheduleRange(0, 23, 6),), minute=(ScheduleRange(45),)
            ),
            action=_sync(full_sync(settings, SLOW_KINDS), SLOW_SYNC_ID, TaskQueue.CLOUD_SYNC_SLOW),
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=50),
            jitter=timedelta(seconds=10),
            note="every six hours at :45: the kinds that rarely change",
        ),
        PlannedSchedule(
            id=DRIFT_SWEEP_ID,
            calendar=ScheduleCalendarSpec(hour=EVERY_HOUR, minute=(ScheduleRange(20),)),
            action=_drift_sweep(),
            # As with the sync: the next one sees what this one would.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=10),
            jitter=timedelta(seconds=10),
            note="hourly at :20, on what the sync just saw: specs against the inventory",
        ),
        *_planned_billing(),
        *_planned_metering(),
        _planned_month_end(settings),
        *planned_lifecycle(settings),
    )


async def ensure_schedules(client: Client, schedules: Sequence[PlannedSchedule]) -> None:
    """Creates what is missing and brings the rest up to date; an operator's pause is kept."""
    for plan in schedules:
        try:
            await client.create_schedule(plan.id, plan.schedule())
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(plan.id).update(_keeping_state(plan))


def _sync(
    sync: ResourceSyncInput, identifier: str, queue: TaskQueue
) -> ScheduleActionStartWorkflow:
    return start_of(
        ResourceSync.run,
        sync,
        id=identifier,
        task_queue=queue,
        execution_timeout=SYNC_TIMEOUT,
        typed_search_attributes=search_attributes_of(sync),
        static_summary=summary_of(sync),
    )


def _planned_billing() -> tuple[PlannedSchedule, ...]:
    """The rows about what the provider charges."""
    return (
        PlannedSchedule(
            id=BALANCE_SNAPSHOT_ID,
            calendar=ScheduleCalendarSpec(hour=EVERY_HOUR, minute=(ScheduleRange(7),)),
            action=_billing(
                BalanceSnapshot.run,
                BalanceInput(DIGITALOCEAN),
                BALANCE_SNAPSHOT_ID,
                "keep the account's balance",
                BALANCE_TIMEOUT,
            ),
            # The provider tells only what is owed now: a missed hour cannot be made up for.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=10),
            jitter=timedelta(seconds=10),
            note="hourly at :07: what the account owes",
        ),
        PlannedSchedule(
            id=BILLING_HISTORY_ID,
            calendar=ScheduleCalendarSpec(hour=(ScheduleRange(2),), minute=(ScheduleRange(23),)),
            action=_billing(
                BillingHistory.run,
                HistoryInput(DIGITALOCEAN),
                BILLING_HISTORY_ID,
                "walk the billing history and ingest what is due",
                HISTORY_TIMEOUT,
            ),
            # A walk that still runs ingests what the next one would.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=50),
            jitter=timedelta(seconds=10),
            note="daily at 02:23: the billing history, then an ingest per invoice that is due",
        ),
        PlannedSchedule(
            id=DAILY_COSTS_ID,
            calendar=ScheduleCalendarSpec(hour=(ScheduleRange(5),), minute=(ScheduleRange(41),)),
            action=_billing(
                DailyCosts.run,
                HistoryInput(DIGITALOCEAN),
                DAILY_COSTS_ID,
                "read the provider's daily estimates",
                HISTORY_TIMEOUT,
            ),
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=50),
            jitter=timedelta(seconds=10),
            note="daily at 05:41: the estimates of the last month, made by the provider at night",
        ),
    )


def _planned_metering() -> tuple[PlannedSchedule, ...]:
    """The rows about usage and margin."""
    return (
        PlannedSchedule(
            id=METERING_ID,
            calendar=ScheduleCalendarSpec(hour=EVERY_HOUR, minute=(ScheduleRange(35),)),
            action=start_of(
                Metering.run,
                MeteringInput(),
                id=METERING_ID,
                task_queue=TaskQueue.METERING,
                execution_timeout=METERING_TIMEOUT,
                static_summary="meter yesterday and today, and price what they come to",
            ),
            # The next run replaces today, and makes up for yesterday.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=20),
            jitter=timedelta(seconds=10),
            note="hourly at :35: the usage of today and, once a day, of yesterday;"
            " until the 10th, once a day, of the last month again",
        ),
        PlannedSchedule(
            id=MARGIN_REFRESH_ID,
            calendar=ScheduleCalendarSpec(hour=(ScheduleRange(6),), minute=(ScheduleRange(10),)),
            action=start_of(
                MarginRefresh.run,
                MarginInput(),
                id=MARGIN_REFRESH_ID,
                task_queue=TaskQueue.METERING,
                execution_timeout=MARGIN_TIMEOUT,
                static_summary="compute the margin of the month that ended last",
            ),
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=50),
            jitter=timedelta(seconds=10),
            note="daily at 06:10, on the bills that came at night: the margin of what is not final",
        ),
    )


def _planned_month_end(settings: Settings) -> PlannedSchedule:
    return PlannedSchedule(
        id=MONTH_END_ID,
        calendar=ScheduleCalendarSpec(
            day_of_month=(ScheduleRange(1),), hour=(ScheduleRange(3),), minute=(ScheduleRange(0),)
        ),
        action=start_of(
            MonthEnd.run,
            MonthEndInput(settings.invoice_approval),
            id=MONTH_END_ID,
            task_queue=TaskQueue.INVOICING,
            execution_timeout=MONTH_END_TIMEOUT,
            static_summary="start the roll-up of the month just ended",
        ),
        overlap=ScheduleOverlapPolicy.SKIP,
        # A month is billed however late: nothing else makes up for it.
        catch_up=MONTH_END_CATCH_UP,
        jitter=timedelta(seconds=10),
        note="on the 1st at 03:00: the roll-up of the month just ended",
    )


def _billing(
    run: Any,  # noqa: ANN401
    argument: Any,  # noqa: ANN401
    identifier: str,
    summary: str,
    timeout: timedelta,
) -> ScheduleActionStartWorkflow:
    return start_of(
        run,
        argument,
        id=identifier,
        task_queue=TaskQueue.CLOUD_BILLING,
        execution_timeout=timeout,
        typed_search_attributes=OF_THE_PROVIDER,
        static_summary=summary,
    )


def _drift_sweep() -> ScheduleActionStartWorkflow:
    sweep = drift_sweep()
    return start_of(
        DriftSweep.run,
        sweep,
        id=DRIFT_SWEEP_ID,
        task_queue=TaskQueue.CLOUD_SYNC_FULL,
        execution_timeout=DRIFT_SWEEP_TIMEOUT,
        typed_search_attributes=drift_attributes_of(sweep),
        static_summary=drift_summary_of(sweep),
    )


def _keeping_state(plan: PlannedSchedule) -> Any:  # noqa: ANN401
    async def update(known: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = plan.schedule()
        state = known.description.schedule.state
        # Why it is paused is the operator's to say.
        note = state.note if state.paused else plan.note
        schedule.state = replace(state, note=note)
        return ScheduleUpdate(schedule)

    return update
