"""The record of a roll-up, and the decisions that it permits."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.analytics.invoicing.invoices.rules.states import Decision, Outcome, RollupStatus
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period, month_of

__all__ = ["Rollup", "TenantOutcome"]


@dataclass(frozen=True, slots=True)
class Rollup:
    """The roll-up of a month."""

    id: UUID
    period: date
    """The first day of its month."""
    status: RollupStatus
    force: bool
    """Whether it replaces the drafts of earlier roll-ups."""
    approval_required: bool
    without_bill: bool
    """Whether tenants whose rule waits for the provider's bill are billed without it."""
    is_planned: bool
    decision: Decision
    decided_by: str
    decided_at: datetime | None
    reason: str
    workflow_id: str
    run_id: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    unbilled_deployments: int | None
    unbilled_usages: int | None
    """None until unbilled usage is computed."""
    unbilled_cents: Decimal | None
    unbilled_unpriced: int | None
    freshness_notes: tuple[str, ...]

    @property
    def month(self) -> Period:
        """The month billed."""
        return month_of(self.period)

    def check_bills_without(self) -> None:
        """Raises FailedPrecondition if tenants wait in it for the provider's bill."""
        if not self.without_bill:
            raise FailedPrecondition(
                f"the roll-up {self.id} of {self.month.code} is {self.status} and lets tenants wait"
                " for the provider's bill: start this one when it has ended",
                reason="ROLLUP_ALREADY_RUNNING",
                metadata={"rollup_id": str(self.id), "status": self.status},
            )

    def check_decision(self, decision: Decision, *, has_issued: bool) -> None:
        """Raises FailedPrecondition if it does not await a decision."""
        if decision is Decision.APPROVE:
            if self.status is not RollupStatus.AWAITING_APPROVAL or self.decision is Decision.UNDO:
                raise FailedPrecondition(
                    f"the roll-up is {self.status} and does not await approval",
                    reason="ROLLUP_NOT_AWAITING_APPROVAL",
                    metadata={"status": self.status},
                )
            return
        undoable = {RollupStatus.RUNNING, RollupStatus.AWAITING_APPROVAL, RollupStatus.FAILED}
        if self.status not in undoable or self.decision is Decision.APPROVE or has_issued:
            raise FailedPrecondition(
                f"the roll-up is {self.status}: issued invoices cannot be undone",
                reason="ROLLUP_NOT_UNDOABLE",
                metadata={"status": self.status},
            )


@dataclass(frozen=True, slots=True)
class TenantOutcome:
    """The outcome for a tenant; a failure has `deployment_id`, `reason` and `message`."""

    tenant_id: str
    outcome: Outcome
    deployment_id: str = ""
    reason: str = ""
    message: str = ""
    attempt_count: int = 0
    attempted_at: datetime | None = None
