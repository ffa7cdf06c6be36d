"""Daily workflows: start a dunning per overdue tenant, and end trials.

Invoices become due by day, so one daily schedule serves all of them, and only tenants that do not
pay have a workflow. The next sweep starts a dunning that is missing or was terminated.
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

STEP: Final = with_heartbeat(timedelta(hours=12))
ROUND_PAUSE: Final = timedelta(hours=1)
MAX_ROUNDS: Final = 4
"""How long undelivered notices are retried: one day."""

PATCH_NOTICE_FIRST: Final = "tell-before-past-due"
"""Patch: older runs post no notices."""


@workflow.defn
class DunningSweep:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: DunningSweepInput) -> DunningSweepResult:
        """The number of overdue tenants."""
        today = request.today or planned_at().date().isoformat()
        count = await STEP.run(
            DunningActivities.start_dunning,
            replace(request, today=today),
            "start a dunning for each tenant with an overdue invoice",
        )
        notices = ""
        if request.past_due_notice_days and workflow.patched(PATCH_NOTICE_FIRST):
            told = await self._notify(date.fromisoformat(today), request.past_due_notice_days)
            notices = told.in_words()
        result = DunningSweepResult(count, notices)
        workflow.set_current_details(result.in_words())
        return result

    async def _notify(self, today: date, days: int) -> PastDueResult:
        """Posts notices of invoices that become past due soon.

        Each notice is posted daily until then with one idempotency key; undelivered notices are
        retried in rounds and reported.
        """
        until = today + timedelta(days=days)
        for _ in range(MAX_ROUNDS - 1):
            told = await self._round(today, until)
            if not told.untold_count:
                return told
            workflow.set_current_details(f"{told.in_words()}; retrying in an hour")
            await workflow.sleep(ROUND_PAUSE)
        return await self._round(today, until)

    async def _round(self, today: date, until: date) -> PastDueResult:
        return await STEP.run(
            TenantNoticeActivities.tell_of_past_due,
            PastDueNotices(today.isoformat(), until.isoformat()),
            "post notices of invoices that are due soon",
        )


@workflow.defn
class TrialEnd:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: TrialEndInput) -> int:
        """The number of ended trials."""
        ended = await STEP.run(
            BillingActionActivities.end_trials,
            request,
            "activate deployments whose trial is over",
        )
        workflow.set_current_details(f"{ended:,} trials ended")
        return ended
