"""The tables of spending caps."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.schema import conv

from services.analytics.tables import table
from services.common.db import tables

__all__ = ["spend_breaches", "spend_policies"]


spend_policies = table(
    "spend_policies",
    tables.identifier(),
    tables.names("tenant_id"),
    tables.words("deployment_id"),
    tables.cents("cap_cents"),
    tables.names("currency", "action", "created_by"),
    tables.instants("created_at"),
    tables.instants("deleted_at", nullable=True),
    tables.key("id"),
    tables.check("cap", "cap_cents > 0"),
    tables.check("action", "action IN ('notify', 'ask_approval', 'pause')"),
    tables.index("standing", "id", where="deleted_at IS NULL"),
    tables.index("tenant", "tenant_id", "id"),
)

spend_breaches = table(
    "spend_breaches",
    tables.identifier(),
    tables.reference("policy_id", "spend_policies"),
    tables.days("period"),
    tables.names("tenant_id", "deployment_id"),
    tables.cents("cap_cents"),
    tables.names("currency", "action", "policy_created_by"),
    tables.instants("policy_created_at"),
    tables.cents("accrued_cents"),
    tables.names("status", default="open"),
    tables.words("workflow_id", "run_id"),
    tables.instants("started_at", "finished_at", nullable=True),
    tables.words("decided_by", "reason"),
    tables.instants("decided_at", nullable=True),
    tables.instants("occurred_at"),
    tables.key("id"),
    UniqueConstraint("policy_id", "period", name=conv("spend_breaches_once")),
    tables.check("period", "extract(day FROM period) = 1"),
    tables.check(
        "status",
        "status IN ('open', 'notified', 'awaiting_approval', 'approved', 'refused', 'paused',"
        " 'withdrawn', 'expired')",
    ),
    tables.check("decided", "(decided_at IS NULL) = (decided_by = '')"),
    tables.index("tenant", "tenant_id", "id"),
    tables.index("waiting", "policy_id", where="status IN ('open', 'refused')"),
)
