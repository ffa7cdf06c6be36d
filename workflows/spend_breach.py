"""What becomes of a cap that was reached: somebody is told, or asked, or deployments are paused.

Where a breach stands is kept in the analytics, and read after each step and each look. So a run
that is started again goes on from there, and a decision whose signal was lost is found.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activities.billing_actions import BillingActionActivities
    from workflows.activities.spending import SpendActivities
    from workflows.dunning_payloads import BillingAction
    from workflows.patience import HEARTBEAT, SHORT
    from workflows.reasons import reason_of
    from workflows.search_attributes import OUTCOME
    from workflows.spend_payloads import BreachInput, BreachOutcome, BreachStanding, Noticed

__all__ = ["SpendBreach"]

PATIENCE: Final = timedelta(hours=12)
ASIDE: Final = timedelta(minutes=10)
"""For telling of what is done anyway."""

RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
)

OPEN: Final = "open"
NOTIFIED: Final = "notified"
AWAITING: Final = "awaiting_approval"
REFUSED: Final = "refused"
PAUSED: Final = "paused"


@workflow.defn
class SpendBreach:
    """Runs as `spend/<breach id>`."""

    def __init__(self) -> None:
        self._is_told = False
        self._words = ""
        self._note = ""

    @workflow.signal
    def decided(self) -> None:
        """An operator decided: looks now, not when the timer ends."""
        self._is_told = True

    @workflow.query
    def progress(self) -> str:
        """How far it is, in words."""
        return self._words

    @workflow.run
    async def run(self, request: BreachInput) -> str:
        """Where the breach stands in the end."""
        breach = await self._record(request, OPEN)
        while True:
            self._tell(f"{breach.in_words()}: {breach.status.replace('_', ' ')}")
            if breach.status == OPEN:
                breach = await self._act(request, breach)
            elif breach.status == REFUSED:
                breach = await self._pause(request, breach)
            elif breach.status == AWAITING:
                breach = await self._look(request)
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(request)
            else:
                workflow.upsert_search_attributes([OUTCOME.value_set(breach.status)])
                return breach.status

    async def _act(self, request: BreachInput, breach: BreachStanding) -> BreachStanding:
        """What the policy says."""
        if breach.action == "pause":
            return await self._pause(request, breach)
        if breach.action == "ask_approval":
            asked = await self._record(request, AWAITING)
            await self._notice(breach, ASIDE)
            return asked
        await self._notice(breach, timedelta(hours=request.notice_hours))
        return await self._record(request, NOTIFIED)

    async def _pause(self, request: BreachInput, breach: BreachStanding) -> BreachStanding:
        only = (breach.deployment_id,) if breach.deployment_id else ()
        outcome = await workflow.execute_activity_method(
            BillingActionActivities.apply_billing_action,
            BillingAction(
                tenant_id=breach.tenant_id,
                to_state=PAUSED,
                from_states=("active",),
                reason=breach.reason or breach.in_words(),
                actor=breach.decided_by or "spend policy",
                key=f"spend/{breach.breach_id}",
                only=only,
            ),
            schedule_to_close_timeout=PATIENCE,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRIES,
            summary="pause what the policy caps",
        )
        paused = await self._record(request, PAUSED)
        await self._notice(breach, ASIDE)
        self._note = (
            f", {len(outcome.moved)} deployments, {len(outcome.left_alone)} left alone{self._note}"
        )
        return paused

    async def _look(self, request: BreachInput) -> BreachStanding:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._is_told, timeout=timedelta(seconds=request.look_seconds)
            )
        self._is_told = False
        return await self._record(request, AWAITING)

    async def _notice(self, breach: BreachStanding, patience: timedelta) -> None:
        """Tells somebody; what could not be told does not stop the rest."""
        try:
            noticed = await workflow.execute_activity_method(
                SpendActivities.post_notice,
                breach,
                start_to_close_timeout=SHORT,
                schedule_to_close_timeout=patience,
                retry_policy=RETRIES,
                summary="tell of it",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            noticed = Noticed(is_delivered=False, reason=reason_of(error))
        if not noticed.is_delivered:
            # Who looks here sees it; where nobody takes notices, this is the place to look.
            self._note = f" (nobody was told: {noticed.reason})"

    async def _record(self, request: BreachInput, status: str) -> BreachStanding:
        return await workflow.execute_activity_method(
            SpendActivities.record_breach,
            BreachOutcome(request.breach_id, status),
            start_to_close_timeout=SHORT,
            retry_policy=RETRIES,
            summary=f"keep that it is {status.replace('_', ' ')}",
        )

    def _tell(self, words: str) -> None:
        self._words = words + self._note
        workflow.set_current_details(self._words)
