"""Moves subscriptions to another plan version: notice, effective day, and undo until then.

The catalog keeps what became of each subscription, so every step can be repeated. A step that
fails for long does not end the run: an operator retries or undoes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME
    from contracts.migrations import PlanMigrationInput
    from workflows.durable.reasons import reason_of
    from workflows.durable.timeouts import PROMPT, short, with_heartbeat
    from workflows.migrations.activities.migrating import MigrationActivities
    from workflows.migrations.payloads import (
        ENDED,
        UNDOING,
        MigrationResult,
        MigrationStep,
        StepInput,
    )

__all__ = ["PlanMigration"]

SCHEDULE: Final = with_heartbeat(timedelta(hours=12), PROMPT)
"""A service may be down for a night."""

SHORT_STEP: Final = short(None, PROMPT, each=timedelta(minutes=5))

WITHDRAW: Final = with_heartbeat(timedelta(days=30), PROMPT)
"""Withdrawing goes on until it is done."""

AGAIN: Final = timedelta(hours=1)
"""How long after a day's begin a step that came too early is repeated."""

UNDO: Final = "undo"

PATCH_UNDOING: Final = "undoes-by-status"
"""Since the catalog's status starts an undo, and not only the signal, which may be lost."""


@workflow.defn
class PlanMigration:
    """Runs as `plan-migration/<id>`."""

    def __init__(self) -> None:
        self._told = MigrationResult("beginning")
        self._is_undone = False
        self._decisions = 0

    @workflow.signal
    def decide(self, decision: str) -> None:
        """Signals a decision; the catalog has recorded it."""
        self._is_undone = self._is_undone or decision == UNDO
        self._decisions += 1

    @workflow.query
    def progress(self) -> MigrationResult:
        """The progress."""
        return self._told

    @workflow.run
    async def run(self, request: PlanMigrationInput) -> MigrationResult:
        """The result of the migration."""
        notice, effective = _start_of(request.notice_on), _start_of(request.effective_on)
        self._show("selecting subscriptions")
        step = self._heed(await self._select(request.migration_id))
        self._show(f"waiting for the notice day {request.notice_on}", step)
        await self._until(notice)
        while step.status not in ENDED and not self._is_undone and workflow.now() < effective:
            heard = self._decisions
            step = self._heed(await self._advance(request))
            if step.is_paused:
                self._show("paused", step)
            elif not self._told.note:
                self._show(f"scheduled for {request.effective_on}", step)
            await self._until(effective, heard)
        if self._is_undone:
            step = await self._take_back(request)
        while step.status not in ENDED:
            step = await self._finish(request.migration_id)
            if step.status == UNDOING and workflow.patched(PATCH_UNDOING):
                step = await self._take_back(request)
            elif step.status not in ENDED:  # the catalog's day has not come yet
                await workflow.sleep(AGAIN)
        workflow.upsert_search_attributes([OUTCOME.value_set(step.status)])
        self._show(step.status.replace("_", " "))
        return self._told

    def _heed(self, step: MigrationStep) -> MigrationStep:
        if not self._is_undone and step.status == UNDOING:
            self._is_undone = workflow.patched(PATCH_UNDOING)
        return step

    async def _until(self, moment: datetime, heard: int | None = None) -> None:
        """Waits for a time, or until it is undone; given `heard`, for any further decision."""
        left = moment - workflow.now()
        if left <= timedelta(0):
            return
        try:
            await workflow.wait_condition(
                lambda: self._is_undone or heard not in (None, self._decisions), timeout=left
            )
        except TimeoutError:
            return

    async def _select(self, migration_id: str) -> MigrationStep:
        return await SHORT_STEP.run(
            MigrationActivities.select_subscriptions,
            migration_id,
            "select the subscriptions",
        )

    async def _advance(self, request: PlanMigrationInput) -> MigrationStep:
        """Schedules the changes; a failure is reported, and waits for a decision."""
        self._show("scheduling the changes", note="")
        try:
            step = await SCHEDULE.run(
                MigrationActivities.advance_migration,
                StepInput(request.migration_id, request.subscriptions_at_once),
                "schedule the change of each subscription",
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            self._show("scheduling failed", note=reason_of(error))
            return MigrationStep()
        if step.status == UNDOING:
            return self._taken_back(step)
        scheduled = self._told.scheduled_count + step.done_count
        self._told = replace(self._told, scheduled_count=scheduled)
        return step

    async def _take_back(self, request: PlanMigrationInput) -> MigrationStep:
        self._show("undoing: withdrawing the changes", note="")
        step = await WITHDRAW.run(
            MigrationActivities.advance_migration,
            StepInput(request.migration_id, request.subscriptions_at_once),
            "withdraw the change of each subscription",
        )
        return self._taken_back(step)

    def _taken_back(self, step: MigrationStep) -> MigrationStep:
        taken = self._told.taken_back_count + step.done_count
        self._told = replace(self._told, taken_back_count=taken)
        return step

    async def _finish(self, migration_id: str) -> MigrationStep:
        return await SHORT_STEP.run(
            MigrationActivities.finish_migration,
            migration_id,
            "close the migration",
        )

    def _show(
        self, step: str, found: MigrationStep | None = None, *, note: str | None = None
    ) -> None:
        if found is not None:
            self._told = replace(self._told, remaining_count=found.remaining_count)
        note = self._told.note if note is None else note
        self._told = replace(self._told, step=step, note=note)
        workflow.set_current_details(self._told.in_words())


def _start_of(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
