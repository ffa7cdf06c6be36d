"""The tables of migrations of subscriptions to another plan version."""

from services.catalog.tables import table
from services.common.db.tables import (
    check,
    days,
    flags,
    identifier,
    index,
    instants,
    integers,
    key,
    names,
    reference,
    words,
)

__all__ = ["plan_migration_subscriptions", "plan_migrations"]

plan_migrations = table(
    "plan_migrations",
    identifier(),
    names("from_plan_code"),
    integers("from_version", default=0),
    reference("plan_version_id", "plan_versions", name="version"),
    words("tenant_id"),
    days("started_before", nullable=True),
    days("notice_on", "effective_on"),
    integers("notice_days"),
    names("status", default="waiting"),
    flags("is_paused"),
    words("reason"),
    names("started_by"),
    instants("started_at"),
    instants("finished_at", nullable=True),
    key("id"),
    check(
        "status",
        "status IN ('waiting', 'scheduling', 'scheduled', 'in_effect', 'undoing', 'undone')",
    ),
    check("notice", "effective_on >= notice_on + notice_days"),
)

plan_migration_subscriptions = table(
    "plan_migration_subscriptions",
    reference("migration_id", "plan_migrations"),
    reference("subscription_id", "subscriptions"),
    names("tenant_id"),
    names("outcome", default="planned"),
    words("reason"),
    instants("updated_at"),
    key("migration_id", "subscription_id"),
    check("outcome", "outcome IN ('planned', 'scheduled', 'skipped', 'failed', 'taken_back')"),
    index("outcome", "migration_id", "outcome", "subscription_id"),
)
