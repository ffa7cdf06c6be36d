"""The tables of spending caps."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.schema import conv

from services.analytics.tables import table
from services.common.db.tables import (
    cents,
    check,
    days,
    identifier,
    index,
    instants,
    key,
    names,
    reference,
    words,
)

__all__ = ["spend_breaches", "spend_policies"]


spend_policies = table(
    "spend_policies",
    identifier(),
    names("tenant_id"),
    words("deployment_id"),
    cents("cap_cents"),
    names("currency", "action", "created_by"),
    instants("created_at"),
    instants("deleted_at", nullable=True),
    key("id"),
    check("cap", "cap_cents > 0"),
    check("action", "action IN ('notify', 'ask_approval', 'pause')"),
    index("standing", "id", where="deleted_at IS NULL"),
    index("tenant", "tenant_id", "id"),
)

spend_breaches = table(
    "spend_breaches",
    identifier(),
    reference("policy_id", "spend_policies"),
    days("period"),
    names("tenant_id", "deployment_id"),
    cents("cap_cents"),
    names("currency", "action", "policy_created_by"),
    instants("policy_created_at"),
    cents("accrued_cents"),
    names("status", default="open"),
    words("workflow_id", "run_id"),
    instants("started_at", "finished_at", nullable=True),
    words("decided_by", "reason"),
    instants("decided_at", nullable=True),
    instants("occurred_at"),
    key("id"),
    UniqueConstraint("policy_id", "period", name=conv("spend_breaches_once")),
    check("period", "extract(day FROM period) = 1"),
    check(
        "status",
        "status IN ('open', 'notified', 'awaiting_approval', 'approved', 'refused', 'paused',"
        " 'withdrawn', 'expired')",
    ),
    check("decided", "(decided_at IS NULL) = (decided_by = '')"),
    index("tenant", "tenant_id", "id"),
    index("waiting", "policy_id", where="status IN ('open', 'refused')"),
)
