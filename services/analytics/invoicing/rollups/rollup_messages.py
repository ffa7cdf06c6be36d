"""From rows of roll-ups to protos."""

from typing import Final

from arcadia.analytics.v1 import rollups_pb2
from arcadia.common.v1 import runs_pb2

from services.analytics.invoicing.invoices.rules.states import Outcome, RollupStatus
from services.analytics.invoicing.invoices.store.rows import Stored
from services.analytics.invoicing.invoices.store.summing import Summary
from services.analytics.margin.rules.summary import REPORTING_CURRENCY
from services.common.rpc.wire import timestamp
from services.common.values.money import plain

__all__ = ["failure_message", "rollup_message"]

RUN_STATUS: Final = {
    RollupStatus.COMPLETED: "completed",
    RollupStatus.UNDONE: "completed",
    RollupStatus.FAILED: "failed",
}


def rollup_message(row: Stored, summary: Summary) -> rollups_pb2.Rollup:
    """The roll-up of a row, with what it comes to."""
    outcomes = summary.outcomes
    status = RollupStatus(row.status)
    return rollups_pb2.Rollup(
        id=str(row.id),
        period=row.period.isoformat(),
        status=status,
        force=row.force,
        approval_required=row.approval_required,
        tenant_count=sum(outcomes.values()),
        drafted_count=outcomes.get(Outcome.DRAFTED, 0),
        skipped_count=outcomes.get(Outcome.SKIPPED, 0),
        failed_count=outcomes.get(Outcome.FAILED, 0),
        issued_count=summary.issued_count,
        handed_over_count=summary.handed_over_count,
        totals=[
            rollups_pb2.CurrencyTotal(
                currency=total.currency,
                subtotal_cents=total.subtotal_cents,
                tax_cents=total.tax_cents,
                total_cents=total.total_cents,
            )
            for total in summary.totals
        ],
        reason=row.reason,
        run=runs_pb2.Run(
            workflow_id=row.workflow_id,
            run_id=row.run_id,
            status=RUN_STATUS.get(status, "running"),
            details=_details(status, outcomes),
            reason=row.reason if status is RollupStatus.FAILED else "",
            started_at=timestamp(row.started_at),
            finished_at=timestamp(row.finished_at),
        ),
        decided_by=row.decided_by,
        decided_at=timestamp(row.decided_at),
        started_by=row.started_by,
        started_at=timestamp(row.started_at),
        finished_at=timestamp(row.finished_at),
        unbilled=_unbilled(row),
        freshness_notes=row.freshness_notes,
    )


def failure_message(row: Stored) -> rollups_pb2.RollupFailure:
    """A tenant whose invoice could not be made."""
    return rollups_pb2.RollupFailure(
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        reason=row.reason,
        message=row.message,
        attempt_count=row.attempt_count,
        failed_at=timestamp(row.attempted_at),
    )


def _unbilled(row: Stored) -> rollups_pb2.UnbilledTotal | None:
    if row.unbilled_usages is None:
        return None
    return rollups_pb2.UnbilledTotal(
        deployment_count=row.unbilled_deployments,
        usage_count=row.unbilled_usages,
        value_cents=plain(row.unbilled_cents),
        unpriced_count=row.unbilled_unpriced,
        currency=REPORTING_CURRENCY,
    )


def _details(status: RollupStatus, outcomes: dict[str, int]) -> str:
    done = sum(outcomes.values()) - outcomes.get(Outcome.PLANNED, 0)
    return f"{status.replace('_', ' ')}: {done:,} of {sum(outcomes.values()):,} tenants"
