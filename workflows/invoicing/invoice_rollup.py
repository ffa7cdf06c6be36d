"""The month-end roll-up: close metering, draft, check, issue, hand over, refresh the margin.

Until an invoice is issued it can be undone: its drafts are voided and the month is reopened. After
a crash it resumes where it was; the next run resumes a run that ended early.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import (
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.flows import OUTCOME
    from contracts.invoicing import BillWaitInput, RollupInput, bill_wait, rollup_hand_over
    from services.common.values.periods import month_of
    from workflows.durable.counts import with_counts
    from workflows.durable.reasons import final_failure, reason_of
    from workflows.durable.timeouts import PROMPT, short, with_heartbeat
    from workflows.invoicing.activities.invoicing import InvoicingActivities
    from workflows.invoicing.hand_over import HandOver
    from workflows.invoicing.payloads import (
        CheckOutcome,
        IssueInput,
        PageInput,
        RollupOpening,
        RollupResult,
        StatusInput,
    )

from workflows.durable.saga import on_failure

__all__ = ["InvoiceRollup"]

NIGHT: Final = timedelta(hours=12)
"""Timeout of a step: a service may be down for a night."""

STEP: Final = with_heartbeat(NIGHT, PROMPT)
PAGE: Final = with_heartbeat(NIGHT, PROMPT, each=timedelta(minutes=10))
MONTH: Final = with_heartbeat(NIGHT, PROMPT, each=timedelta(minutes=2))
MARGIN: Final = with_heartbeat(timedelta(minutes=10), PROMPT, each=timedelta(minutes=5))
CALL: Final = short(NIGHT, PROMPT)
FRESHNESS: Final = short(NIGHT, PROMPT, each=timedelta(minutes=2))

APPROVE: Final = "approve"
UNDO: Final = "undo"

PAGES_AT_ONCE: Final = 4
"""Pages drafted concurrently; the next one starts when one is done."""

PATCH_FRESHNESS: Final = "asks-how-fresh"
"""Patch: older runs closed the month without checking freshness."""

METERING_PAUSE: Final = timedelta(minutes=10)
UNDO_GRACE: Final = timedelta(seconds=5)
"""Error reasons of steps after an operator decided to undo, before the signal arrives."""


@workflow.defn
class InvoiceRollup:
    """Runs as `invoice-rollup/2026-04`."""

    def __init__(self) -> None:
        self._told = RollupResult(step="beginning")
        self._is_approved = False
        self._is_undone = False
        self._plans_again = False

    @workflow.signal
    def decide(self, decision: str) -> None:
        """Signals a decision: `approve`, `undo`, or `retry`, which plans failed tenants again."""
        if decision == APPROVE:
            self._is_approved = True
        elif decision == UNDO:
            self._is_undone = True
        else:
            self._plans_again = True

    @workflow.query
    def progress(self) -> RollupResult:
        """The progress."""
        return self._told

    @workflow.run
    async def run(self, request: RollupInput) -> RollupResult:
        """The result of the roll-up. Fails with its reason; it can then be resumed or undone."""
        rollup_id = request.rollup_id or await self._begin(request)
        self._show("planning", rollup_id=rollup_id)
        billing = asyncio.create_task(self._bill(request, rollup_id))
        undo = asyncio.create_task(workflow.wait_condition(lambda: self._is_undone))
        try:
            await workflow.wait([billing, undo], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError as error:
            billing.cancel()
            await workflow.wait([billing])
            await self._fail(rollup_id, error)
            raise
        if self._is_undone and not billing.done():
            billing.cancel()
            await workflow.wait([billing])
            return await self._undo(request, rollup_id)
        undo.cancel()
        try:
            return billing.result()
        except FailureError as error:
            if await self._undo_is_coming():
                return await self._undo(request, rollup_id)
            await self._fail(rollup_id, error)
            raise

    async def _begin(self, request: RollupInput) -> str:
        """Opens the roll-up, or finds the one of this run; returns its id."""
        info = workflow.info()
        return await CALL.run(
            InvoicingActivities.begin_rollup,
            RollupOpening(request, f"{info.workflow_id}/{info.first_execution_run_id}"),
            "begin the roll-up",
        )

    async def _move(self, rollup_id: str, status: str, reason: str = "") -> None:
        await CALL.run(
            InvoicingActivities.set_status,
            StatusInput(rollup_id, status, reason),
            f"set status {status.replace('_', ' ')}",
        )

    async def _fail(self, rollup_id: str, error: BaseException) -> None:
        """Keeps the drafts: the next run resumes them, or an operator undoes them."""
        await self._move(rollup_id, "failed", reason_of(error) or "the roll-up was cancelled")
        workflow.upsert_search_attributes([OUTCOME.value_set("failed")])

    async def _bill(self, request: RollupInput, rollup_id: str) -> RollupResult:
        if workflow.patched(PATCH_FRESHNESS):
            await self._wait_until_fresh(request, rollup_id)
        await self._close_metering(request)
        check = await self._draft_until_approved(request, rollup_id)
        if check.pages.waiting_count:
            await self._wait_for_bill(request, check.pages.waiting_count)
        await self._move(rollup_id, "issuing")
        await self._issue(rollup_id)
        await self._hand_over(request, rollup_id)
        await self._refresh_margin(request)
        await self._move(rollup_id, "completed")
        left = check.pages.failed_count or check.pages.waiting_count
        workflow.upsert_search_attributes(
            [OUTCOME.value_set("incomplete" if left else "completed")]
        )
        self._show("completed")
        return self._told

    async def _wait_until_fresh(self, request: RollupInput, rollup_id: str) -> None:
        """Waits for complete sweeps after the month; continues after a timeout and reports it."""
        self._show("checking the freshness of the inventory and the provider's bill")
        patience_ends = workflow.now() + timedelta(minutes=request.metering_patience_minutes)
        while True:
            found = await FRESHNESS.run(
                InvoicingActivities.check_freshness,
                rollup_id,
                "check the freshness of the inventory and the provider's bill",
            )
            if not found.stale or workflow.now() >= patience_ends:
                break
            self._show(f"waiting for the inventory: {found.stale[0]}")
            await workflow.sleep(METERING_PAUSE)
        for note in (*found.stale, *found.unknown):
            if note not in self._told.notes:
                self._note(note)

    async def _close_metering(self, request: RollupInput) -> None:
        self._show("closing the month's metering")
        patience_ends = workflow.now() + timedelta(minutes=request.metering_patience_minutes)
        while True:
            try:
                await MONTH.run(
                    InvoicingActivities.close_metering,
                    request.period,
                    "close the month: later usage becomes an adjustment",
                )
            except FailureError as error:
                if is_cancelled_exception(error) or workflow.now() >= patience_ends:
                    raise
                self._show(f"waiting for metering: {reason_of(error)}")
            else:
                return
            await workflow.sleep(METERING_PAUSE)

    async def _draft_until_approved(self, request: RollupInput, rollup_id: str) -> CheckOutcome:
        """Drafts and checks; repeats for tenants that an operator retries."""
        while True:
            self._plans_again = False
            await self._draft(request, rollup_id)
            check = await self._check(rollup_id)
            if not request.approval_required or self._is_approved:
                return check
            await self._move(rollup_id, "awaiting_approval")
            self._show("awaiting an operator's approval")
            await workflow.wait_condition(lambda: self._is_approved or self._plans_again)
            if not self._plans_again:
                return check

    async def _draft(self, request: RollupInput, rollup_id: str) -> None:
        plan = await STEP.run(
            InvoicingActivities.plan_rollup,
            replace(request, rollup_id=rollup_id),
            "list billable tenants",
        )
        self._show("drafting", tenant_count=self._told.tenant_count + plan.tenant_count)
        waiting = deque(plan.cursors)

        async def work() -> None:
            while waiting:
                await self._draft_page(rollup_id, waiting.popleft())
                if workflow.info().is_continue_as_new_suggested():
                    return

        await asyncio.gather(*(work() for _ in range(min(PAGES_AT_ONCE, len(waiting)))))
        if waiting:
            # Pending tenants are stored with the roll-up, so the next run plans nothing again.
            workflow.continue_as_new(replace(request, rollup_id=rollup_id))

    async def _draft_page(self, rollup_id: str, cursor: str) -> None:
        outcome = await PAGE.run(
            InvoicingActivities.draft_page,
            PageInput(rollup_id, cursor),
            f"quote and draft page {cursor}",
        )
        self._show("drafting", pages=with_counts(self._told.pages, outcome))

    async def _check(self, rollup_id: str) -> CheckOutcome:
        check = await PAGE.run(
            InvoicingActivities.check_rollup,
            rollup_id,
            "check each draft against its lines and proofs",
        )
        self._show("checked", pages=check.pages, totals=check.totals)
        if (warning := check.warning()) and warning not in self._told.notes:
            self._note(warning)
        if check.differences:
            raise final_failure(
                "TotalsDiffer", f"{len(check.differences)} do not add up: {check.differences[0]}"
            )
        return check

    async def _wait_for_bill(self, request: RollupInput, waiting_count: int) -> None:
        """Starts the wait as a separate workflow: this run goes on with the other tenants."""
        self._note(f"{waiting_count:,} tenants wait for the provider's bill")
        start = bill_wait(
            BillWaitInput(period=request.period, approval_required=request.approval_required)
        )
        # One that is running already takes up these tenants too.
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                start.flow.name,
                start.argument,
                parent_close_policy=ParentClosePolicy.ABANDON,
                **start.options(),
            )

    async def _issue(self, rollup_id: str) -> None:
        self._show("issuing")
        issued = await STEP.run(
            InvoicingActivities.issue_invoices,
            IssueInput(rollup_id, workflow.now().date().isoformat()),
            "issue the drafts in blocks",
        )
        self._show("issued", issued_count=issued.done_count)

    async def _hand_over(self, request: RollupInput, rollup_id: str) -> None:
        """Starts the hand-over as a separate workflow, because it may take days."""
        code = month_of(date.fromisoformat(request.period)).code
        for key in ((), (workflow.info().run_id,)):
            start = rollup_hand_over(rollup_id, code, *key)
            try:
                await workflow.start_child_workflow(
                    HandOver.run,
                    start.argument,
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    **start.options(),
                )
            except WorkflowAlreadyStartedError:
                # A hand-over of an earlier run, which may have passed the invoices of this one.
                continue
            else:
                return

    async def _refresh_margin(self, request: RollupInput) -> None:
        """A failed margin refresh does not fail the roll-up; it is only reported."""
        with on_failure(lambda reason: self._note(f"the margin was not refreshed: {reason}")):
            await MARGIN.run(
                InvoicingActivities.refresh_margin,
                request.period,
                "recompute the month's margin",
            )

    async def _undo(self, request: RollupInput, rollup_id: str) -> RollupResult:
        self._show("undoing: voiding the drafts")
        await STEP.run(InvoicingActivities.discard_drafts, rollup_id, "void the drafts")
        try:
            await MONTH.run(
                InvoicingActivities.reopen_metering,
                request.period,
                "reopen the month's metering",
            )
        except FailureError as error:
            # Issued invoices of an earlier roll-up keep the month closed.
            self._note(f"the month stays closed: {reason_of(error)}")
        await self._move(rollup_id, "undone")
        workflow.upsert_search_attributes([OUTCOME.value_set("undone")])
        self._show("undone")
        return self._told

    async def _undo_is_coming(self) -> bool:
        try:
            await workflow.wait_condition(lambda: self._is_undone, timeout=UNDO_GRACE)
        except TimeoutError:
            return False
        return True

    def _note(self, note: str) -> None:
        self._show(self._told.step, notes=(*self._told.notes, note))

    def _show(self, step: str, **changes: object) -> None:
        self._told = replace(self._told, step=step, **changes)  # type: ignore[arg-type]
        workflow.set_current_details(self._told.in_words())
