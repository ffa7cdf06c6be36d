"""The tables of drift."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.common.db import tables
from services.inventory.drift.rules.drifts import RevertStatus, Status
from services.inventory.tables import metadata, table

__all__ = [
    "cloud_drift",
    "cloud_drift_ignore_rules",
    "cloud_list_prices",
    "cloud_provisioned",
    "metadata",
]

cloud_provisioned = table(
    "cloud_provisioned",
    tables.reference("resource_id", "cloud_resources", name="resource_id"),
    tables.names("provider", "kind"),
    Column("spec", JSONB, nullable=False),
    tables.counts("spec_version", default=1),
    tables.words("recorded_by"),
    tables.instants("recorded_at"),
    tables.key("resource_id"),
    tables.check("spec", "jsonb_typeof(spec) = 'object'"),
    tables.check("version", "spec_version >= 1"),
    tables.index("kind", "provider", "kind", "resource_id"),
)

cloud_drift = table(
    "cloud_drift",
    tables.identifier(),
    tables.reference("resource_id", "cloud_resources", name="resource_id"),
    tables.names("kind", "field"),
    Column("expected", JSONB, nullable=False),
    Column("actual", JSONB, nullable=False),
    tables.counts("spec_version"),
    tables.names("status", default="open"),
    tables.instants("detected_at", "last_seen_at"),
    tables.instants("resolved_at", nullable=True),
    tables.words("resolved_by", "cause_action_id", "cause_action_type"),
    tables.instants("cause_occurred_at", "cause_sought_at", nullable=True),
    tables.words("revert_workflow_id", "revert_run_id", "revert_status", "revert_reason"),
    tables.instants("revert_started_at", "revert_finished_at", nullable=True),
    tables.key("id"),
    tables.one_of("status", Status),
    tables.check("resolved", "(status = 'open') = (resolved_at IS NULL)"),
    tables.one_of("revert_status", RevertStatus),
    tables.index("open", "resource_id", "field", unique=True, where="status = 'open'"),
    tables.index("newest_open", "id", where="status = 'open'"),
    tables.index("unexplained", "id", where="status = 'open' AND cause_sought_at IS NULL"),
    tables.index("resource", "resource_id", "id"),
)

cloud_drift_ignore_rules = table(
    "cloud_drift_ignore_rules",
    tables.identifier(),
    tables.names("kind", "field"),
    tables.names("tenant_id", nullable=True),
    tables.reference("resource_id", "cloud_resources", name="resource_id", nullable=True),
    tables.instants("expires_at", nullable=True),
    tables.names("reason", "created_by"),
    tables.instants("created_at"),
    tables.instants("deleted_at", nullable=True),
    tables.words("deleted_by"),
    tables.key("id"),
    tables.index("field", "kind", "field", where="deleted_at IS NULL"),
)

cloud_list_prices = table(
    "cloud_list_prices",
    tables.names("provider", "kind", "size"),
    tables.numbers("monthly_usd"),
    tables.instants("recorded_at"),
    tables.key("provider", "kind", "size"),
    tables.check("monthly", "monthly_usd >= 0"),
)
