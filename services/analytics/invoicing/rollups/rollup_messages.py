"""Renders roll-ups as messages."""

from collections.abc import Sequence
from typing import Final

from arcadia.analytics.v1 import rollups_pb2
from arcadia.common.v1 import runs_pb2

from services.analytics.invoicing.invoices.rules.states import Outcome, RollupStatus
from services.analytics.invoicing.invoices.store.totals import Summary, summaries
from services.analytics.invoicing.rollups.rules.rollups import Rollup, TenantOutcome
from services.analytics.margin.rules.summary import REPORTING_CURRENCY
from services.common.db.database import ReadSession
from services.common.rpc.messages import message_of
from services.common.values.money import plain

__all__ = ["failure_message", "rollup_message", "rollup_messages"]

RUN_STATUS: Final = {
    RollupStatus.COMPLETED: "completed",
    RollupStatus.UNDONE: "completed",
    RollupStatus.FAILED: "failed",
}


async def rollup_message(session: ReadSession, rollup: Rollup) -> rollups_pb2.Rollup:
    """A roll-up with its totals."""
    [message] = await rollup_messages(session, [rollup])
    return message


async def rollup_messages(
    session: ReadSession, rollups: Sequence[Rollup]
) -> list[rollups_pb2.Rollup]:
    """Roll-ups with their totals."""
    found = await summaries(session, [one.id for one in rollups])
    return [_message(one, found[one.id]) for one in rollups]


def failure_message(failed: TenantOutcome) -> rollups_pb2.RollupFailure:
    """A tenant whose invoice could not be drafted."""
    return message_of(rollups_pb2.RollupFailure, failed, failed_at=failed.attempted_at)


def _message(rollup: Rollup, summary: Summary) -> rollups_pb2.Rollup:
    outcomes, status = summary.outcomes, rollup.status
    tenants = sum(outcomes.values())
    done = tenants - outcomes.get(Outcome.PLANNED, 0)
    return message_of(
        rollups_pb2.Rollup,
        rollup,
        tenant_count=tenants,
        drafted_count=outcomes.get(Outcome.DRAFTED, 0),
        skipped_count=outcomes.get(Outcome.SKIPPED, 0),
        failed_count=outcomes.get(Outcome.FAILED, 0),
        waiting_count=outcomes.get(Outcome.WAITING, 0),
        issued_count=summary.issued_count,
        handed_over_count=summary.handed_over_count,
        totals=summary.totals,
        run=message_of(
            runs_pb2.Run,
            rollup,
            status=RUN_STATUS.get(status, "running"),
            details=f"{status.replace('_', ' ')}: {done:,} of {tenants:,} tenants",
            reason=rollup.reason if status is RollupStatus.FAILED else "",
            url="",
        ),
        unbilled=_unbilled(rollup),
    )


def _unbilled(rollup: Rollup) -> rollups_pb2.UnbilledTotal | None:
    if rollup.unbilled_cents is None:
        return None
    return rollups_pb2.UnbilledTotal(
        deployment_count=rollup.unbilled_deployments,
        usage_count=rollup.unbilled_usages,
        value_cents=plain(rollup.unbilled_cents),
        unpriced_count=rollup.unbilled_unpriced,
        currency=REPORTING_CURRENCY,
    )
