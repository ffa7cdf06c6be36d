"""The rows of the table of schedules about trials, unpaid invoices and caps on spending."""

from datetime import timedelta
from typing import Final

from temporalio.client import ScheduleCalendarSpec, ScheduleOverlapPolicy, ScheduleRange

from contracts.queues import TaskQueue
from services.common.settings import Settings
from workflows.collections.dunning_sweep import DunningSweep
from workflows.collections.payloads import DunningSweepInput, DunningTerms, TrialEndInput
from workflows.collections.trial_end import TrialEnd
from workflows.durable.schedule_rows import EVERY_HOUR, PlannedSchedule, start_of
from workflows.spend.payloads import EvaluationInput
from workflows.spend.spend_evaluation import SpendEvaluation

__all__ = [
    "DUNNING_SWEEP_ID",
    "SPEND_EVALUATION_ID",
    "TRIAL_END_ID",
    "planned_lifecycle",
    "terms_of",
]

TRIAL_END_ID: Final = "trial-end"
DUNNING_SWEEP_ID: Final = "dunning-sweep"
SPEND_EVALUATION_ID: Final = "spend-evaluation"
SPEND_TIMEOUT: Final = timedelta(minutes=55)
TIMEOUT: Final = timedelta(hours=20)
DAY: Final = 24 * 3600
MINUTE: Final = 60
"""In seconds."""


def terms_of(settings: Settings) -> DunningTerms:
    """How patient this operator is."""
    return DunningTerms(
        settings.suspend_after_days * DAY, notice_seconds=settings.suspend_notice_days * DAY
    )


def planned_lifecycle(settings: Settings) -> tuple[PlannedSchedule, ...]:
    """Trials and due dates end with a day: both rows run right after it has changed."""
    return (
        PlannedSchedule(
            id=TRIAL_END_ID,
            calendar=ScheduleCalendarSpec(hour=(ScheduleRange(0),), minute=(ScheduleRange(4),)),
            action=start_of(
                TrialEnd.run,
                TrialEndInput(),
                id=TRIAL_END_ID,
                task_queue=TaskQueue.INVOICING,
                execution_timeout=TIMEOUT,
                static_summary="end the trials that are over",
            ),
            # A run ends all that are over, however long ago: one is enough.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(hours=20),
            jitter=timedelta(seconds=10),
            note="daily at 00:04: trials that are over",
        ),
        PlannedSchedule(
            id=DUNNING_SWEEP_ID,
            calendar=ScheduleCalendarSpec(hour=(ScheduleRange(0),), minute=(ScheduleRange(24),)),
            action=start_of(
                DunningSweep.run,
                DunningSweepInput(
                    terms_of(settings), past_due_notice_days=settings.past_due_notice_days
                ),
                id=DUNNING_SWEEP_ID,
                task_queue=TaskQueue.INVOICING,
                execution_timeout=TIMEOUT,
                static_summary="find who has not paid",
            ),
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(hours=20),
            jitter=timedelta(seconds=10),
            note="daily at 00:24: a dunning for each tenant with an overdue invoice",
        ),
        PlannedSchedule(
            id=SPEND_EVALUATION_ID,
            calendar=ScheduleCalendarSpec(hour=EVERY_HOUR, minute=(ScheduleRange(50),)),
            action=start_of(
                SpendEvaluation.run,
                EvaluationInput(pause_notice_seconds=settings.cap_notice_minutes * MINUTE),
                id=SPEND_EVALUATION_ID,
                task_queue=TaskQueue.INVOICING,
                execution_timeout=SPEND_TIMEOUT,
                static_summary="hold caps against what was accrued",
            ),
            # The next hour's run sees what this one would.
            overlap=ScheduleOverlapPolicy.SKIP,
            catch_up=timedelta(minutes=10),
            jitter=timedelta(seconds=10),
            note="hourly at :50, on what metering priced at :35: caps on spending",
        ),
    )
