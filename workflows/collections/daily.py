"""What each day starts: a dunning for each tenant with an overdue invoice, the end of trials.

An invoice falls due with a day, so one durable timer a day serves all of them, and only the
few tenants who do not pay ever have a workflow. A dunning that was never started, or that
somebody terminated, is started by the next sweep.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.collections import DunningSweepInput, TrialEndInput
    from workflows.collections.activities.billing_actions import BillingActionActivities
    from workflows.collections.activities.dunning import DunningActivities, TenantNoticeActivities
    from workflows.collections.payloads import DunningSweepResult, PastDueNotices, PastDueResult
    from workflows.durable.reasons import planned_at
    from workflows.durable.timeouts import with_heartbeat

__all__ = ["DunningSweep", "TrialEnd"]

STEP_TIMEOUT: Final = timedelta(hours=12)
ROUND_PAUSE: Final = timedelta(hours=1)
MAX_ROUNDS: Final = 4
"""Of one day, in which undelivered notices are retried."""

PATCH_NOTICE_FIRST: Final = "tell-before-past-due"
"""Runs from before it tell nothing."""


@workflow.defn
class DunningSweep:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: DunningSweepInput) -> DunningSweepResult:
        """How many tenants are overdue."""
        today = request.today or planned_at().date().isoformat()
        count = await workflow.execute_activity_method(
            DunningActivities.start_dunning,
            replace(request, today=today),
            **with_heartbeat(STEP_TIMEOUT),
            summary="start a dunning for each tenant with an overdue invoice",
        )
        notices = ""
        if request.past_due_notice_days and workflow.patched(PATCH_NOTICE_FIRST):
            told = await self._tell(date.fromisoformat(today), request.past_due_notice_days)
            notices = told.in_words()
        result = DunningSweepResult(count, notices)
        workflow.set_current_details(result.in_words())
        return result

    async def _tell(self, today: date, days: int) -> PastDueResult:
        """Tells of the invoices that are past due in some days.

        Each is told of every day until then, under one key; where nobody takes a notice it is
        tried again in rounds, and said.
        """
        until = today + timedelta(days=days)
        for _ in range(MAX_ROUNDS - 1):
            told = await self._round(today, until)
            if not told.untold_count:
                return told
            workflow.set_current_details(f"{told.in_words()}; tried again in an hour")
            await workflow.sleep(ROUND_PAUSE)
        return await self._round(today, until)

    async def _round(self, today: date, until: date) -> PastDueResult:
        return await workflow.execute_activity_method(
            TenantNoticeActivities.tell_of_past_due,
            PastDueNotices(today.isoformat(), until.isoformat()),
            **with_heartbeat(STEP_TIMEOUT),
            summary="tell of invoices before they are past due",
        )


@workflow.defn
class TrialEnd:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: TrialEndInput) -> int:
        """How many trials were ended."""
        ended = await workflow.execute_activity_method(
            BillingActionActivities.end_trials,
            request,
            **with_heartbeat(STEP_TIMEOUT),
            summary="make deployments active whose trial is over",
        )
        workflow.set_current_details(f"{ended:,} trials ended")
        return ended
