"""The tables of migrations of subscriptions to another plan version."""

from services.catalog.tables import table
from services.common.db import tables

__all__ = ["plan_migration_subscriptions", "plan_migrations"]

plan_migrations = table(
    "plan_migrations",
    tables.identifier(),
    tables.names("from_plan_code"),
    tables.integers("from_version", default=0),
    tables.reference("plan_version_id", "plan_versions", name="version"),
    tables.words("tenant_id"),
    tables.days("started_before", nullable=True),
    tables.days("notice_on", "effective_on"),
    tables.integers("notice_days"),
    tables.names("status", default="waiting"),
    tables.flags("is_paused"),
    tables.words("reason"),
    tables.names("started_by"),
    tables.instants("started_at"),
    tables.instants("finished_at", nullable=True),
    tables.days("undo_decided_on", nullable=True),
    tables.key("id"),
    tables.check(
        "status",
        "status IN ('waiting', 'scheduling', 'scheduled', 'in_effect', 'undoing', 'undone')",
    ),
    tables.check("notice", "effective_on >= notice_on + notice_days"),
)

plan_migration_subscriptions = table(
    "plan_migration_subscriptions",
    tables.reference("migration_id", "plan_migrations"),
    tables.reference("subscription_id", "subscriptions"),
    tables.names("tenant_id"),
    tables.names("outcome", default="planned"),
    tables.words("reason"),
    tables.instants("updated_at"),
    tables.key("migration_id", "subscription_id"),
    tables.check(
        "outcome", "outcome IN ('planned', 'scheduled', 'skipped', 'failed', 'taken_back')"
    ),
    tables.index("outcome", "migration_id", "outcome", "subscription_id"),
)
