"""The tables of drift."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.common.db.tables import (
    check,
    counts,
    identifier,
    index,
    instants,
    key,
    names,
    numbers,
    one_of,
    reference,
    words,
)
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
    reference("resource_id", "cloud_resources", name="resource_id"),
    names("provider", "kind"),
    Column("spec", JSONB, nullable=False),
    counts("spec_version", default=1),
    words("recorded_by"),
    instants("recorded_at"),
    key("resource_id"),
    check("spec", "jsonb_typeof(spec) = 'object'"),
    check("version", "spec_version >= 1"),
    index("kind", "provider", "kind", "resource_id"),
)

cloud_drift = table(
    "cloud_drift",
    identifier(),
    reference("resource_id", "cloud_resources", name="resource_id"),
    names("kind", "field"),
    Column("expected", JSONB, nullable=False),
    Column("actual", JSONB, nullable=False),
    counts("spec_version"),
    names("status", default="open"),
    instants("detected_at", "last_seen_at"),
    instants("resolved_at", nullable=True),
    words("resolved_by", "cause_action_id", "cause_action_type"),
    instants("cause_occurred_at", "cause_sought_at", nullable=True),
    words("revert_workflow_id", "revert_run_id", "revert_status", "revert_reason"),
    instants("revert_started_at", "revert_finished_at", nullable=True),
    key("id"),
    one_of("status", Status),
    check("resolved", "(status = 'open') = (resolved_at IS NULL)"),
    one_of("revert_status", RevertStatus),
    index("open", "resource_id", "field", unique=True, where="status = 'open'"),
    index("newest_open", "id", where="status = 'open'"),
    index("unexplained", "id", where="status = 'open' AND cause_sought_at IS NULL"),
    index("resource", "resource_id", "id"),
)

cloud_drift_ignore_rules = table(
    "cloud_drift_ignore_rules",
    identifier(),
    names("kind", "field"),
    names("tenant_id", nullable=True),
    reference("resource_id", "cloud_resources", name="resource_id", nullable=True),
    instants("expires_at", nullable=True),
    names("reason", "created_by"),
    instants("created_at"),
    instants("deleted_at", nullable=True),
    words("deleted_by"),
    key("id"),
    index("field", "kind", "field", where="deleted_at IS NULL"),
)

cloud_list_prices = table(
    "cloud_list_prices",
    names("provider", "kind", "size"),
    numbers("monthly_usd"),
    instants("recorded_at"),
    key("provider", "kind", "size"),
    check("monthly", "monthly_usd >= 0"),
)
