"""A migration waits for its days, and no failed step loses it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from contracts.flows import TaskQueue
from contracts.migrations import DECIDE, PlanMigrationInput
from tests.workflows.record_histories import save_from
from tests.workflows.skipping import Script, refused, skipped, working
from workflows.migrations.payloads import MigrationResult, MigrationStep, StepInput
from workflows.migrations.plan_migration import PlanMigration


@dataclass
class Catalog(Script):
    """The catalog's side: how many changes are planned and scheduled, and its decisions."""

    answers: dict[str, Any] = field(default_factory=dict)
    planned: int = 3
    scheduled: int = 0
    undoing: bool = False
    is_paused: bool = False
    lost: tuple[str, ...] = ()
    """Decisions that are recorded, and whose signals fail."""
    failing: dict[str, list[ApplicationError]] = field(default_factory=dict)
    """What a step fails with, after its work is committed: the answer is lost."""
    steps: list[str] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        """For a worker."""

        @activity.defn(name="select_subscriptions")
        async def select_subscriptions(migration_id: str) -> MigrationStep:
            return self._answer("select", 0)

        @activity.defn(name="advance_migration")
        async def advance_migration(request: StepInput) -> MigrationStep:
            done = 0
            if self.undoing:
                done, self.scheduled = self.scheduled, 0
            elif not self.is_paused:
                done, self.planned = self.planned, 0
                self.scheduled += done
            return self._answer("advance", done)

        @activity.defn(name="finish_migration")
        async def finish_migration(migration_id: str) -> MigrationStep:
            return self._answer("finish", 0)

        return [select_subscriptions, advance_migration, finish_migration]

    def hear(self, decision: str) -> None:
        """Records a decision, as the catalog does before the signal."""
        self.undoing = self.undoing or decision == "undo"
        self.is_paused = decision == "pause"

    def _answer(self, step: str, done: int) -> MigrationStep:
        self.steps.append(step)
        if self.failing.get(step):
            raise self.failing[step].pop(0)
        status = "undoing" if self.undoing else "scheduled"
        if step == "finish":
            status = "undone" if self.undoing else "in_effect"
            if self.undoing and self.scheduled:
                status = "undoing"
        left = self.scheduled if self.undoing else self.planned
        return MigrationStep(status, self.is_paused, done, left)


@pytest.fixture(scope="module")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    async with skipped() as running:
        yield running


async def migrated(
    environment: WorkflowEnvironment,
    catalog: Catalog,
    *decisions: tuple[int, str],
    saved_as: str = "",
) -> MigrationResult:
    """A migration with its notice in 10 days and its effect in 50; decisions after some days."""
    client = environment.client
    today = (await environment.get_current_time()).date()
    request = PlanMigrationInput(
        str(uuid4()),
        (today + timedelta(days=10)).isoformat(),
        (today + timedelta(days=50)).isoformat(),
    )
    async with working(client, catalog, TaskQueue.INVOICING, PlanMigration):
        handle = await client.start_workflow(
            PlanMigration.run,
            request,
            id=f"plan-migration/{request.migration_id}",
            task_queue=TaskQueue.INVOICING,
        )
        passed = 0
        for day, decision in decisions:
            await environment.sleep(timedelta(days=day - passed))
            passed = day
            catalog.hear(decision)
            if decision not in catalog.lost:
                await handle.signal(DECIDE, decision)
        result = await handle.result()
        if saved_as:
            await save_from(client, handle.id, saved_as)
        return result


async def test_changes_are_scheduled_on_the_notice_day_and_closed_on_the_effective_day(
    environment: WorkflowEnvironment,
) -> None:
    catalog = Catalog()
    result = await migrated(environment, catalog)
    assert catalog.steps == ["select", "advance", "finish"]
    assert (result.step, result.scheduled_count) == ("in effect", 3)


@pytest.mark.parametrize("step", ["select", "advance", "finish"])
async def test_a_step_whose_answer_is_lost_is_repeated_and_loses_and_doubles_nothing(
    environment: WorkflowEnvironment, step: str
) -> None:
    lost = [ApplicationError("the worker was killed") for _ in range(3)]
    catalog = Catalog(failing={step: lost})
    result = await migrated(environment, catalog)
    assert (catalog.scheduled, catalog.planned) == (3, 0)
    assert catalog.steps.count(step) == 4
    assert result.step == "in effect"


async def test_a_scheduling_that_fails_for_good_waits_for_an_operator_to_retry(
    environment: WorkflowEnvironment,
) -> None:
    catalog = Catalog(failing={"advance": [refused("broken")]})
    result = await migrated(environment, catalog, (12, "retry"))
    assert catalog.steps == ["select", "advance", "advance", "finish"]
    assert (result.step, result.note) == ("in effect", "")


async def test_a_paused_migration_goes_on_when_it_is_resumed(
    environment: WorkflowEnvironment,
) -> None:
    catalog = Catalog()
    await migrated(environment, catalog, (5, "pause"), (20, "resume"))
    assert catalog.steps == ["select", "advance", "advance", "finish"]
    assert catalog.scheduled == 3


@pytest.mark.parametrize("day", [3, 20], ids=["before the notice", "after it"])
async def test_a_migration_undone_before_its_day_withdraws_what_it_scheduled(
    environment: WorkflowEnvironment, day: int
) -> None:
    catalog = Catalog()
    result = await migrated(environment, catalog, (day, "undo"))
    assert catalog.scheduled == 0
    assert (result.step, result.taken_back_count) == ("undone", 3 if day > 10 else 0)


async def test_an_undo_goes_on_over_failures(environment: WorkflowEnvironment) -> None:
    catalog = Catalog(failing={"finish": [ApplicationError("down") for _ in range(5)]})
    result = await migrated(environment, catalog, (20, "undo"))
    assert (catalog.scheduled, result.step) == (0, "undone")


@pytest.mark.parametrize(
    ("day", "decisions", "steps"),
    [
        (3, (), ["select", "advance", "advance", "finish"]),
        (20, (), ["select", "advance", "finish", "advance", "finish"]),
        (20, ((25, "retry"),), ["select", "advance", "advance", "advance", "finish"]),
    ],
    ids=["before the notice", "after it", "before another decision"],
)
async def test_an_undo_whose_signal_is_lost_withdraws_what_is_scheduled(
    environment: WorkflowEnvironment,
    day: int,
    decisions: tuple[tuple[int, str], ...],
    steps: list[str],
) -> None:
    catalog = Catalog(lost=("undo",))
    result = await migrated(environment, catalog, (day, "undo"), *decisions)
    assert (catalog.steps, catalog.scheduled) == (steps, 0)
    assert (result.step, result.taken_back_count) == ("undone", 3 if day > 10 else 0)
