"""The tables of drift."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.common.db import columns
from services.inventory.drift.rules.drifts import RevertStatus, Status
from services.inventory.tables import metadata

__all__ = [
    "cloud_drift",
    "cloud_drift_ignore_rules",
    "cloud_list_prices",
    "cloud_provisioned",
    "metadata",
]

OPEN = text("status = 'open'")


cloud_provisioned = Table(
    "cloud_provisioned",
    metadata,
    Column("resource_id", Uuid, nullable=False),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("spec_version", BigInteger, nullable=False, server_default=text("1")),
    columns.words("recorded_by"),
    columns.instant("recorded_at"),
    PrimaryKeyConstraint("resource_id", name="cloud_provisioned_pkey"),
    ForeignKeyConstraint(
        ["resource_id"], ["cloud_resources.id"], name="cloud_provisioned_resource_id_fkey"
    ),
    CheckConstraint("jsonb_typeof(spec) = 'object'", name="cloud_provisioned_spec_check"),
    CheckConstraint("spec_version >= 1", name="cloud_provisioned_version_check"),
    Index("cloud_provisioned_kind_idx", "provider", "kind", "resource_id"),
)

cloud_drift = Table(
    "cloud_drift",
    metadata,
    Column("id", Uuid, nullable=False, server_default=func.uuidv7()),
    Column("resource_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("expected", JSONB, nullable=False),
    Column("actual", JSONB, nullable=False),
    Column("spec_version", BigInteger, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    columns.instant("detected_at"),
    columns.instant("last_seen_at"),
    columns.instant("resolved_at", nullable=True),
    columns.words("resolved_by"),
    columns.words("cause_action_id"),
    columns.words("cause_action_type"),
    columns.instant("cause_occurred_at", nullable=True),
    columns.instant("cause_sought_at", nullable=True),
    columns.words("revert_workflow_id"),
    columns.words("revert_run_id"),
    columns.words("revert_status"),
    columns.words("revert_reason"),
    columns.instant("revert_started_at", nullable=True),
    columns.instant("revert_finished_at", nullable=True),
    PrimaryKeyConstraint("id", name="cloud_drift_pkey"),
    ForeignKeyConstraint(
        ["resource_id"], ["cloud_resources.id"], name="cloud_drift_resource_id_fkey"
    ),
    columns.one_of("cloud_drift", "status", Status),
    CheckConstraint("(status = 'open') = (resolved_at IS NULL)", name="cloud_drift_resolved_check"),
    columns.one_of("cloud_drift", "revert_status", RevertStatus),
    Index("cloud_drift_open_idx", "resource_id", "field", unique=True, postgresql_where=OPEN),
    Index("cloud_drift_newest_open_idx", "id", postgresql_where=OPEN),
    Index(
        "cloud_drift_unexplained_idx",
        "id",
        postgresql_where=text("status = 'open' AND cause_sought_at IS NULL"),
    ),
    Index("cloud_drift_resource_idx", "resource_id", "id"),
)

cloud_drift_ignore_rules = Table(
    "cloud_drift_ignore_rules",
    metadata,
    Column("id", Uuid, nullable=False, server_default=func.uuidv7()),
    Column("kind", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("tenant_id", Text),
    Column("resource_id", Uuid),
    columns.instant("expires_at", nullable=True),
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    columns.instant("created_at"),
    columns.instant("deleted_at", nullable=True),
    columns.words("deleted_by"),
    PrimaryKeyConstraint("id", name="cloud_drift_ignore_rules_pkey"),
    ForeignKeyConstraint(
        ["resource_id"],
        ["cloud_resources.id"],
        name="cloud_drift_ignore_rules_resource_id_fkey",
    ),
    Index(
        "cloud_drift_ignore_rules_field_idx",
        "kind",
        "field",
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

cloud_list_prices = Table(
    "cloud_list_prices",
    metadata,
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", Text, nullable=False),
    Column("monthly_usd", Numeric, nullable=False),
    columns.instant("recorded_at"),
    PrimaryKeyConstraint("provider", "kind", "size", name="cloud_list_prices_pkey"),
    CheckConstraint("monthly_usd >= 0", name="cloud_list_prices_monthly_check"),
)
