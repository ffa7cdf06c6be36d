"""The tables of spending caps."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.analytics.tables import metadata
from services.common.db.columns import cents, day, identifier, instant, name, names, words

__all__ = ["spend_breaches", "spend_policies"]


spend_policies = Table(
    "spend_policies",
    metadata,
    identifier(),
    name("tenant_id"),
    words("deployment_id"),
    cents("cap_cents"),
    *names("currency", "action", "created_by"),
    instant("created_at"),
    instant("deleted_at", nullable=True),
    PrimaryKeyConstraint("id", name="spend_policies_pkey"),
    CheckConstraint("cap_cents > 0", name="spend_policies_cap_check"),
    CheckConstraint(
        "action IN ('notify', 'ask_approval', 'pause')", name="spend_policies_action_check"
    ),
    Index("spend_policies_standing_idx", "id", postgresql_where=text("deleted_at IS NULL")),
    Index("spend_policies_tenant_idx", "tenant_id", "id"),
)

spend_breaches = Table(
    "spend_breaches",
    metadata,
    identifier(),
    Column("policy_id", Uuid, nullable=False),
    day("period"),
    *names("tenant_id", "deployment_id"),
    cents("cap_cents"),
    *names("currency", "action", "policy_created_by"),
    instant("policy_created_at"),
    cents("accrued_cents"),
    Column("status", Text, nullable=False, server_default="open"),
    words("workflow_id"),
    words("run_id"),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
    words("decided_by"),
    words("reason"),
    instant("decided_at", nullable=True),
    instant("occurred_at"),
    PrimaryKeyConstraint("id", name="spend_breaches_pkey"),
    UniqueConstraint("policy_id", "period", name="spend_breaches_once"),
    ForeignKeyConstraint(["policy_id"], ["spend_policies.id"], name="spend_breaches_policy_fkey"),
    CheckConstraint("extract(day FROM period) = 1", name="spend_breaches_period_check"),
    CheckConstraint(
        "status IN ('open', 'notified', 'awaiting_approval', 'approved', 'refused', 'paused',"
        " 'withdrawn', 'expired')",
        name="spend_breaches_status_check",
    ),
    CheckConstraint(
        "(decided_at IS NULL) = (decided_by = '')", name="spend_breaches_decided_check"
    ),
    Index("spend_breaches_tenant_idx", "tenant_id", "id"),
    Index(
        "spend_breaches_waiting_idx",
        "policy_id",
        postgresql_where=text("status IN ('open', 'refused')"),
    ),
)
