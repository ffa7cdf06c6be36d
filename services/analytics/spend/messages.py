"""Renders policies and breaches as messages."""

from arcadia.analytics.v1 import spend_service_pb2 as pb
from arcadia.common.v1 import runs_pb2

from services.analytics.spend.rules import AT_REST, Breach, Policy
from services.common.rpc.messages import message_of

__all__ = ["breach_message", "policy_message"]


def policy_message(policy: Policy) -> pb.SpendPolicy:
    """A policy."""
    return message_of(pb.SpendPolicy, policy)


def breach_message(breach: Breach) -> pb.SpendBreach:
    """A breach with the policy at that time."""
    run = message_of(
        runs_pb2.Run,
        breach,
        status="completed" if breach.status in AT_REST else "running",
        details=breach.status.replace("_", " "),
        reason="",
        url="",
    )
    return message_of(
        pb.SpendBreach,
        breach,
        policy=message_of(
            pb.SpendPolicy,
            breach,
            id=breach.policy_id,
            created_by=breach.policy_created_by,
            created_at=breach.policy_created_at,
        ),
        run=run if breach.workflow_id else None,
    )
