"""The tables of balances, invoices and their lines."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.billing.ingest.rules.classification import CLASSIFICATIONS
from services.billing.ingest.rules.matching import MATCH_RUNGS, MATCH_STATES
from services.billing.ingest.rules.reconciling import IngestStatus, RunStatus
from services.billing.tables import (
    as_billed,
    classified,
    matched,
    table,
)
from services.common.db.tables import (
    booleans,
    check,
    counts,
    days,
    identifier,
    index,
    instants,
    integers,
    key,
    names,
    numbers,
    one_of,
    reference,
    serial,
    unique,
    uuids,
    words,
)

__all__ = [
    "cloud_balance_snapshots",
    "cloud_cost_lines",
    "cloud_ingests",
    "cloud_invoices",
    "cloud_match_candidates",
    "cloud_match_names",
    "cloud_match_owners",
    "cloud_match_runs",
    "cloud_staged_items",
    "cloud_staged_lines",
]

cloud_balance_snapshots = table(
    "cloud_balance_snapshots",
    serial(),
    names("key"),
    numbers("month_to_date_balance", "account_balance", "month_to_date_usage"),
    instants("generated_at", "taken_at"),
    key("id"),
    unique("key"),
    index("taken_at", "taken_at", "id"),
)

cloud_invoices = table(
    "cloud_invoices",
    identifier(),
    names("invoice_uuid"),
    words("invoice_number", "description"),
    days("period", nullable=True),
    numbers("history_usd"),
    instants("issued_at"),
    names("ingest_status", default="discovered"),
    words("ingest_error"),
    uuids("ingest_id", nullable=True),
    counts("line_count", nullable=True),
    instants("ingested_at", nullable=True),
    numbers("lines_usd", "overages_usd", "taxes_usd", "credits_usd", nullable=True),
    numbers("total_usd", "summary_usd", "residual_usd", nullable=True),
    booleans("balanced", nullable=True),
    counts("provider_id_count", "name_count", "group_project_count", nullable=True),
    counts("ambiguous_count", "unmatched_count", "not_applicable_count", nullable=True),
    instants("matched_at", nullable=True),
    instants("discovered_at"),
    numbers("summary_charges_usd", "summary_overages_usd", nullable=True),
    numbers("summary_taxes_usd", "summary_credits_usd", nullable=True),
    instants("waived_at", nullable=True),
    words("waived_by", "waive_reason"),
    key("id"),
    unique("invoice_uuid"),
    one_of("ingest_status", IngestStatus),
    check("period", "extract(day FROM period) = 1"),
    index("period", "period", "id"),
    index("issued_at", "issued_at", "id"),
    index(
        "pending",
        "issued_at",
        "id",
        where="(ingest_status <> 'ingested' OR matched_at IS NULL) AND waived_at IS NULL",
    ),
)

cloud_cost_lines = table(
    "cloud_cost_lines",
    identifier(),
    days("period"),
    uuids("provider_invoice_id"),
    counts("row_number"),
    as_billed(),
    classified(),
    words("provider_resource_id", "provider_resource_uuid"),
    matched(),
    Column("shares", JSONB(none_as_null=True)),
    words("region"),
    key("period", "id"),
    unique("period", "provider_invoice_id", "row_number", name="row"),
    one_of("classification", CLASSIFICATIONS),
    one_of("match_state", MATCH_STATES),
    one_of("match_rung", MATCH_RUNGS, optional=True),
    index("kind", "period", "kind", "id"),
    index("state", "period", "match_state", "id"),
    index("product", "period", "product", "id"),
    index("project", "period", "project_name", "id"),
    index("shared", "period", "id", where="shares IS NOT NULL"),
    index("resource", "resource_id", "period", "id", where="resource_id IS NOT NULL"),
    index("tenant", "tenant_id", "period", "id", where="tenant_id IS NOT NULL"),
    index("deployment", "deployment_id", "period", "id", where="deployment_id IS NOT NULL"),
    partitioned_by="period",
)

cloud_ingests = table(
    "cloud_ingests",
    identifier(),
    reference("provider_invoice_id", "cloud_invoices", name="invoice"),
    names("key"),
    names("status", default="open"),
    words("reason"),
    counts("row_count", nullable=True),
    numbers("amount_usd", nullable=True),
    counts("item_count", default=0),
    instants("started_at"),
    instants("finished_at", nullable=True),
    key("id"),
    unique("key"),
    one_of("status", RunStatus),
    check("finished", "(status = 'open') = (finished_at IS NULL)"),
    index("invoice", "provider_invoice_id", "id"),
    index("open", "provider_invoice_id", unique=True, where="status = 'open'"),
)

cloud_staged_lines = table(
    "cloud_staged_lines",
    uuids("ingest_id"),
    counts("row_number"),
    as_billed(),
    classified(),
    index(
        "ingest",
        "ingest_id",
        postgresql_using="brin",
        postgresql_ops={"ingest_id": "uuid_minmax_multi_ops"},
    ),
    unlogged=True,
)

cloud_staged_items = table(
    "cloud_staged_items",
    uuids("ingest_id"),
    integers("page", "position"),
    as_billed(),
    names("provider_resource_id", "provider_resource_uuid"),
    index("page", "ingest_id", "page"),
    unlogged=True,
)

# The inventory's candidates for a set of lines.

cloud_match_runs = table(
    "cloud_match_runs", uuids("scope_id"), instants("prepared_at"), key("scope_id"), unlogged=True
)

cloud_match_candidates = table(
    "cloud_match_candidates",
    uuids("scope_id", "resource_id"),
    names("kind", "provider_id"),
    uuids("project_id", nullable=True),
    names("project_name"),
    instants("lived_from"),
    instants("lived_to", nullable=True),
    words("region"),
    key("scope_id", "resource_id"),
    index("id", "scope_id", "provider_id", "kind"),
    unlogged=True,
)

cloud_match_names = table(
    "cloud_match_names",
    uuids("scope_id", "resource_id"),
    names("kind", "name_key"),
    instants("valid_from"),
    instants("valid_to", nullable=True),
    key("scope_id", "resource_id", "valid_from"),
    index("name", "scope_id", "name_key", "kind"),
    unlogged=True,
)

cloud_match_owners = table(
    "cloud_match_owners",
    uuids("scope_id", "resource_id"),
    names("tenant_id", "deployment_id", nullable=True),
    instants("valid_from"),
    key("scope_id", "resource_id", "valid_from"),
    unlogged=True,
)
