"""A row of the table of schedules."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)

__all__ = ["EVERY_HOUR", "PlannedSchedule", "start_of"]

EVERY_HOUR: Final = (ScheduleRange(0, 23),)


@dataclass(frozen=True, slots=True)
class PlannedSchedule:
    """A row of the table: when, what, and what becomes of runs that meet or were missed."""

    id: str
    calendar: ScheduleCalendarSpec
    """In UTC."""
    action: ScheduleActionStartWorkflow
    overlap: ScheduleOverlapPolicy
    catch_up: timedelta
    """How late a missed run may still start."""
    jitter: timedelta
    note: str
    """What it is for, as its page in the Temporal UI says while nobody has paused it."""

    def schedule(self) -> Schedule:
        """As Temporal is told."""
        return Schedule(
            action=self.action,
            spec=ScheduleSpec(calendars=[self.calendar], jitter=self.jitter, time_zone_name="UTC"),
            policy=SchedulePolicy(overlap=self.overlap, catchup_window=self.catch_up),
            state=ScheduleState(note=self.note),
        )


def start_of(workflow: Any, argument: Any, **options: Any) -> ScheduleActionStartWorkflow:  # noqa: ANN401
    """What a row starts: a workflow's run method, its argument, and how."""
    return ScheduleActionStartWorkflow(workflow, argument, **options)
