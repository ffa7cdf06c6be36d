"""From rows of policies and breaches to protos."""

from typing import Any

from arcadia.analytics.v1 import spend_service_pb2 as pb
from arcadia.common.v1 import runs_pb2
from sqlalchemy import Row

from services.analytics.spend.rules import AT_REST, Status
from services.common.rpc.wire import timestamp

__all__ = ["breach_message", "policy_message"]


def policy_message(row: Row[Any]) -> pb.SpendPolicy:
    """A policy."""
    return pb.SpendPolicy(
        id=str(row.id),
        tenant_id=row.tenant_id,
        deployment_id=row.deployment_id,
        cap_cents=row.cap_cents,
        currency=row.currency,
        action=row.action,
        created_by=row.created_by,
        created_at=timestamp(row.created_at),
    )


def breach_message(row: Row[Any]) -> pb.SpendBreach:
    """A breach with its policy as it was then."""
    return pb.SpendBreach(
        id=str(row.id),
        policy=pb.SpendPolicy(
            id=str(row.policy_id),
            tenant_id=row.tenant_id,
            deployment_id=row.deployment_id,
            cap_cents=row.cap_cents,
            currency=row.currency,
            action=row.action,
            created_by=row.policy_created_by,
            created_at=timestamp(row.policy_created_at),
        ),
        period=row.period.isoformat(),
        accrued_cents=row.accrued_cents,
        status=row.status,
        run=_run(row) if row.workflow_id else None,
        decided_by=row.decided_by,
        reason=row.reason,
        decided_at=timestamp(row.decided_at),
        occurred_at=timestamp(row.occurred_at),
    )


def _run(row: Row[Any]) -> runs_pb2.Run:
    return runs_pb2.Run(
        workflow_id=row.workflow_id,
        run_id=row.run_id,
        status="completed" if Status(row.status) in AT_REST else "running",
        details=row.status.replace("_", " "),
        started_at=timestamp(row.started_at),
        finished_at=timestamp(row.finished_at),
    )
