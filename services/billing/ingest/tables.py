"""The tables of balances, invoices and their lines.

The migrations create them, with what these definitions cannot express: row-level security,
privileges and partitions.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.billing.costs.store import line_columns
from services.billing.ingest.rules.classification import CLASSIFICATIONS
from services.billing.ingest.rules.matching import MATCH_RUNGS, MATCH_STATES
from services.billing.ingest.rules.reconciling import IngestStatus, RunStatus
from services.common.audit.tables import audit_tables_in
from services.common.db import columns
from services.common.db.idempotency import keys_in

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
    "idempotency_keys",
    "metadata",
]

metadata = MetaData()

cloud_balance_snapshots = Table(
    "cloud_balance_snapshots",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *columns.names("key"),
    columns.number("month_to_date_balance"),
    columns.number("account_balance"),
    columns.number("month_to_date_usage"),
    columns.instant("generated_at"),
    columns.instant("taken_at"),
    PrimaryKeyConstraint("id", name="cloud_balance_snapshots_pkey"),
    UniqueConstraint("key", name="cloud_balance_snapshots_key_key"),
    Index("cloud_balance_snapshots_taken_at_idx", "taken_at", "id"),
)

cloud_invoices = Table(
    "cloud_invoices",
    metadata,
    columns.identifier(),
    *columns.names("invoice_uuid"),
    columns.words("invoice_number"),
    columns.words("description"),
    Column("period", Date),
    columns.number("history_usd"),
    columns.instant("issued_at"),
    Column("ingest_status", Text, nullable=False, server_default="discovered"),
    columns.words("ingest_error"),
    Column("ingest_id", Uuid),
    Column("line_count", BigInteger),
    columns.instant("ingested_at", nullable=True),
    *(
        columns.number(f"{part}_usd", nullable=True)
        for part in ("lines", "overages", "taxes", "credits", "total", "summary", "residual")
    ),
    Column("balanced", Boolean),
    *(
        Column(f"{outcome}_count", BigInteger)
        for outcome in (
            "provider_id",
            "name",
            "group_project",
            "ambiguous",
            "unmatched",
            "not_applicable",
        )
    ),
    columns.instant("matched_at", nullable=True),
    columns.instant("discovered_at"),
    *(
        columns.number(f"summary_{part}_usd", nullable=True)
        for part in ("charges", "overages", "taxes", "credits")
    ),
    columns.instant("waived_at", nullable=True),
    columns.words("waived_by"),
    columns.words("waive_reason"),
    PrimaryKeyConstraint("id", name="cloud_invoices_pkey"),
    UniqueConstraint("invoice_uuid", name="cloud_invoices_invoice_uuid_key"),
    columns.one_of("cloud_invoices", "ingest_status", IngestStatus),
    CheckConstraint("extract(day FROM period) = 1", name="cloud_invoices_period_check"),
    Index("cloud_invoices_period_idx", "period", "id"),
    Index("cloud_invoices_issued_at_idx", "issued_at", "id"),
    Index(
        "cloud_invoices_pending_idx",
        "issued_at",
        "id",
        postgresql_where=text(
            "(ingest_status <> 'ingested' OR matched_at IS NULL) AND waived_at IS NULL"
        ),
    ),
)

cloud_cost_lines = Table(
    "cloud_cost_lines",
    metadata,
    columns.identifier(),
    Column("period", Date, nullable=False),
    Column("provider_invoice_id", Uuid, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    *line_columns.as_billed(),
    *line_columns.judged(),
    columns.words("provider_resource_id"),
    columns.words("provider_resource_uuid"),
    *line_columns.matched(),
    Column("shares", JSONB(none_as_null=True)),
    columns.words("region"),
    PrimaryKeyConstraint("period", "id", name="cloud_cost_lines_pkey"),
    UniqueConstraint(
        "period", "provider_invoice_id", "row_number", name="cloud_cost_lines_row_key"
    ),
    columns.one_of("cloud_cost_lines", "classification", CLASSIFICATIONS),
    columns.one_of("cloud_cost_lines", "match_state", MATCH_STATES),
    columns.one_of("cloud_cost_lines", "match_rung", MATCH_RUNGS, optional=True),
    Index("cloud_cost_lines_kind_idx", "period", "kind", "id"),
    Index("cloud_cost_lines_state_idx", "period", "match_state", "id"),
    Index("cloud_cost_lines_product_idx", "period", "product", "id"),
    Index("cloud_cost_lines_project_idx", "period", "project_name", "id"),
    Index(
        "cloud_cost_lines_shared_idx",
        "period",
        "id",
        postgresql_where=text("shares IS NOT NULL"),
    ),
    *(
        Index(
            f"cloud_cost_lines_{whose}_idx",
            f"{whose}_id",
            "period",
            "id",
            postgresql_where=text(f"{whose}_id IS NOT NULL"),
        )
        for whose in ("resource", "tenant", "deployment")
    ),
    postgresql_partition_by="RANGE (period)",
)

cloud_ingests = Table(
    "cloud_ingests",
    metadata,
    columns.identifier(),
    Column("provider_invoice_id", Uuid, nullable=False),
    *columns.names("key"),
    Column("status", Text, nullable=False, server_default="open"),
    columns.words("reason"),
    Column("row_count", BigInteger),
    columns.number("amount_usd", nullable=True),
    Column("item_count", BigInteger, nullable=False, server_default=text("0")),
    columns.instant("started_at"),
    columns.instant("finished_at", nullable=True),
    PrimaryKeyConstraint("id", name="cloud_ingests_pkey"),
    UniqueConstraint("key", name="cloud_ingests_key_key"),
    ForeignKeyConstraint(
        ["provider_invoice_id"], ["cloud_invoices.id"], name="cloud_ingests_invoice_fkey"
    ),
    columns.one_of("cloud_ingests", "status", RunStatus),
    CheckConstraint(
        "(status = 'open') = (finished_at IS NULL)", name="cloud_ingests_finished_check"
    ),
    Index("cloud_ingests_invoice_idx", "provider_invoice_id", "id"),
    Index(
        "cloud_ingests_open_idx",
        "provider_invoice_id",
        unique=True,
        postgresql_where=text("status = 'open'"),
    ),
)

cloud_staged_lines = Table(
    "cloud_staged_lines",
    metadata,
    Column("ingest_id", Uuid, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    *line_columns.as_billed(),
    *line_columns.judged(),
    Index(
        "cloud_staged_lines_ingest_idx",
        "ingest_id",
        postgresql_using="brin",
        postgresql_ops={"ingest_id": "uuid_minmax_multi_ops"},
    ),
    prefixes=["UNLOGGED"],
)

cloud_staged_items = Table(
    "cloud_staged_items",
    metadata,
    Column("ingest_id", Uuid, nullable=False),
    Column("page", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    *line_columns.as_billed(),
    *columns.names("provider_resource_id", "provider_resource_uuid"),
    Index("cloud_staged_items_page_idx", "ingest_id", "page"),
    prefixes=["UNLOGGED"],
)

idempotency_keys = keys_in(metadata)
audit_tables_in(metadata)

# The inventory's candidates for a set of lines.

cloud_match_runs = Table(
    "cloud_match_runs",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    columns.instant("prepared_at"),
    PrimaryKeyConstraint("scope_id", name="cloud_match_runs_pkey"),
    prefixes=["UNLOGGED"],
)

cloud_match_candidates = Table(
    "cloud_match_candidates",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *columns.names("kind", "provider_id"),
    Column("project_id", Uuid),
    *columns.names("project_name"),
    columns.instant("lived_from"),
    columns.instant("lived_to", nullable=True),
    columns.words("region"),
    PrimaryKeyConstraint("scope_id", "resource_id", name="cloud_match_candidates_pkey"),
    Index("cloud_match_candidates_id_idx", "scope_id", "provider_id", "kind"),
    prefixes=["UNLOGGED"],
)

cloud_match_names = Table(
    "cloud_match_names",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *columns.names("kind", "name_key"),
    columns.instant("valid_from"),
    columns.instant("valid_to", nullable=True),
    PrimaryKeyConstraint("scope_id", "resource_id", "valid_from", name="cloud_match_names_pkey"),
    Index("cloud_match_names_name_idx", "scope_id", "name_key", "kind"),
    prefixes=["UNLOGGED"],
)

cloud_match_owners = Table(
    "cloud_match_owners",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    Column("tenant_id", Text),
    Column("deployment_id", Text),
    columns.instant("valid_from"),
    PrimaryKeyConstraint("scope_id", "resource_id", "valid_from", name="cloud_match_owners_pkey"),
    prefixes=["UNLOGGED"],
)
