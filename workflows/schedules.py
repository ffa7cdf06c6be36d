"""The table of schedules; a worker upserts them in Temporal when it starts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from contracts.collections import (
    DUNNING_SWEEP,
    TRIAL_END,
    DunningSweepInput,
    DunningTerms,
    TrialEndInput,
)
from contracts.costs import balance_snapshot, billing_history, daily_costs, list_price_sync
from contracts.drift import DriftSweepInput, drift_sweep
from contracts.flows import Start
from contracts.invoicing import MONTH_END, MonthEndInput
from contracts.metering import MARGIN_REFRESH, METERING, MarginInput, MeteringInput
from contracts.providers import DIGITALOCEAN
from contracts.spend import SPEND_EVALUATION, EvaluationInput
from contracts.sync import SLOW_SYNC, ResourceSyncInput, resource_sync
from kinds import RESOURCE_KINDS
from services.common.settings import Settings
from workflows.sync.starts import HOURLY_KINDS, SLOW_KINDS

__all__ = ["PlannedSchedule", "ensure_schedules", "planned"]

DAY_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class PlannedSchedule:
    """A row of the table: the start, the calendar, and the overlap and catch-up policies."""

    start: Start[Any]
    calendar: ScheduleCalendarSpec
    """In UTC."""
    catch_up: timedelta
    """How late a missed run may still start."""
    overlap: ScheduleOverlapPolicy = ScheduleOverlapPolicy.SKIP
    """By default an overlapping run is skipped, because the active run does its work."""
    jitter: timedelta = timedelta(seconds=10)

    @property
    def id(self) -> str:
        """The id of the schedule; Temporal appends the time for the ids of runs."""
        return self.start.id

    @property
    def when(self) -> str:
        """When it runs, in words, in UTC."""
        [minute], [hour], [day] = (
            self.calendar.minute,
            self.calendar.hour,
            self.calendar.day_of_month,
        )
        if hour.end > hour.start:
            pace = f"every {hour.step} hours" if hour.step > 1 else "hourly"
            return f"{pace} at :{minute.start:02}"
        pace = "daily" if day.end > day.start else f"on day {day.start} of the month"
        return f"{pace} at {hour.start:02}:{minute.start:02}"

    @property
    def note(self) -> str:
        """The note in the Temporal UI while the schedule is not paused."""
        return f"{self.when}: {self.start.flow.purpose}"

    def schedule(self) -> Schedule:
        """The schedule in Temporal's form."""
        start = self.start
        return Schedule(
            action=ScheduleActionStartWorkflow(
                start.flow.name,
                start.argument,
                id=start.id,
                task_queue=start.flow.queue,
                execution_timeout=start.flow.timeout,
                typed_search_attributes=start.attributes,
                static_summary=start.summary,
            ),
            spec=ScheduleSpec(calendars=[self.calendar], jitter=self.jitter, time_zone_name="UTC"),
            policy=SchedulePolicy(overlap=self.overlap, catchup_window=self.catch_up),
            state=ScheduleState(note=self.note),
        )


def planned(settings: Settings) -> tuple[PlannedSchedule, ...]:
    """The table."""
    project = settings.internal_project
    terms = DunningTerms(
        settings.suspend_after_days * DAY_SECONDS,
        notice_seconds=settings.suspend_notice_days * DAY_SECONDS,
    )
    return (
        PlannedSchedule(
            resource_sync(ResourceSyncInput(DIGITALOCEAN, HOURLY_KINDS, project)),
            _hourly(15),
            catch_up=timedelta(minutes=10),
        ),
        PlannedSchedule(
            resource_sync(ResourceSyncInput(DIGITALOCEAN, SLOW_KINDS, project), flow=SLOW_SYNC),
            _hourly(45, every=6),
            catch_up=timedelta(minutes=50),
        ),
        # After the sync.
        PlannedSchedule(
            drift_sweep(DriftSweepInput(DIGITALOCEAN, tuple(RESOURCE_KINDS))),
            _hourly(20),
            catch_up=timedelta(minutes=10),
        ),
        # The provider returns only the current balance, so a missed hour cannot be made up for.
        PlannedSchedule(balance_snapshot(), _hourly(7), catch_up=timedelta(minutes=10)),
        PlannedSchedule(billing_history(), _daily(2, 23), catch_up=timedelta(minutes=50)),
        PlannedSchedule(list_price_sync(), _daily(1, 53), catch_up=timedelta(minutes=50)),
        PlannedSchedule(daily_costs(), _daily(5, 41), catch_up=timedelta(minutes=50)),
        # The next run replaces today, and makes up for yesterday.
        PlannedSchedule(
            METERING.start(
                MeteringInput(), summary="meter yesterday and today, and price the accrual"
            ),
            _hourly(35),
            catch_up=timedelta(minutes=20),
        ),
        # After the bills of the night are ingested.
        PlannedSchedule(
            MARGIN_REFRESH.start(
                MarginInput(), summary="compute the margin of the month that ended last"
            ),
            _daily(6, 10),
            catch_up=timedelta(minutes=50),
        ),
        # A month must be billed even if it is late.
        PlannedSchedule(
            MONTH_END.start(
                MonthEndInput(settings.invoice_approval),
                summary="start the roll-up of the month just ended",
            ),
            replace(_daily(3, 0), day_of_month=(ScheduleRange(1),)),
            catch_up=timedelta(days=20),
        ),
        # Trials and due dates end with a day, so both run shortly after midnight. One run handles
        # all that are over, so missed runs need no catch-up of their own.
        PlannedSchedule(
            TRIAL_END.start(TrialEndInput(), summary="end the trials that are over"),
            _daily(0, 4),
            catch_up=timedelta(hours=20),
        ),
        PlannedSchedule(
            DUNNING_SWEEP.start(
                DunningSweepInput(terms, past_due_notice_days=settings.past_due_notice_days),
                summary="find overdue tenants",
            ),
            _daily(0, 24),
            catch_up=timedelta(hours=20),
        ),
        # After metering at :35.
        PlannedSchedule(
            SPEND_EVALUATION.start(
                EvaluationInput(pause_notice_seconds=settings.cap_notice_minutes * 60),
                summary="evaluate spending caps against accruals",
            ),
            _hourly(50),
            catch_up=timedelta(minutes=10),
        ),
    )


def _hourly(minute: int, *, every: int = 1) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        hour=(ScheduleRange(0, 23, every),), minute=(ScheduleRange(minute),)
    )


def _daily(hour: int, minute: int) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(hour=(ScheduleRange(hour),), minute=(ScheduleRange(minute),))


async def ensure_schedules(client: Client, schedules: Sequence[PlannedSchedule]) -> None:
    """Upserts the schedules; an operator's pause is kept."""
    for plan in schedules:
        try:
            await client.create_schedule(plan.id, plan.schedule())
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(plan.id).update(_keeping_state(plan))


def _keeping_state(plan: PlannedSchedule) -> Any:
    async def update(known: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = plan.schedule()
        state = known.description.schedule.state
        # Keep the operator's note of a paused schedule.
        note = state.note if state.paused else plan.note
        schedule.state = replace(state, note=note)
        return ScheduleUpdate(schedule)

    return update
