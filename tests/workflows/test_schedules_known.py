"""What a schedule starts has a worker, and is described for operators."""

from pathlib import Path

import pytest

from contracts.queues import TaskQueue
from services.common.settings import Settings
from workflows.assembly import SUBSYSTEMS
from workflows.durable.schedule_rows import PlannedSchedule
from workflows.schedules import planned

PAGE = Path(__file__).resolve().parents[2] / "docs" / "durable-work.md"

EVERY_SCHEDULE = pytest.mark.parametrize("plan", planned(Settings()), ids=lambda plan: plan.id)


@EVERY_SCHEDULE
def test_a_schedule_starts_what_its_queues_worker_can_do(plan: PlannedSchedule) -> None:
    queue = TaskQueue(plan.action.task_queue)

    assert plan.action.workflow in {workflow.__name__ for workflow in SUBSYSTEMS[queue].workflows}


@EVERY_SCHEDULE
def test_a_schedule_is_in_the_operators_table(plan: PlannedSchedule) -> None:
    assert f"| `{plan.id}` |" in PAGE.read_text()
