"""The flow of migrating subscriptions to another plan version."""

from dataclasses import dataclass
from typing import Final

from contracts.flows import TENANT, Flow, Start, TaskQueue

__all__ = ["DECIDE", "PLAN_MIGRATION", "PlanMigrationInput", "plan_migration"]

PLAN_MIGRATION: Final = Flow(
    name="PlanMigration",
    prefix="plan-migration",
    key="<id>",
    queue=TaskQueue.INVOICING,
    # It waits for its effective day, which may be a year ahead.
    timeout=None,
    purpose="moves subscriptions to another plan version: notice, effective day, undo until then",
    started_by="an operator",
)

DECIDE: Final = "decide"
"""Signals an operator's decision: `pause`, `resume`, `retry` or `undo`."""


@dataclass(frozen=True, slots=True)
class PlanMigrationInput:
    """A migration, with its days as ISO dates."""

    migration_id: str
    notice_on: str
    effective_on: str
    subscriptions_at_once: int = 500


def plan_migration(
    request: PlanMigrationInput, what: str, tenant_id: str
) -> Start[PlanMigrationInput]:
    """The run of a migration; `what` says what is moved where."""
    return PLAN_MIGRATION.start(
        request, request.migration_id, summary=f"move {what}", attributes={TENANT: tenant_id}
    )
