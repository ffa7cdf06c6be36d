"""The tables of the billing service, as its queries use them.

The migrations make them, with what these definitions cannot say: row-level security,
rights and partitions.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

__all__ = [
    "cloud_balance_snapshots",
    "cloud_cost_lines",
    "cloud_daily_cost_days",
    "cloud_daily_costs",
    "cloud_ingests",
    "cloud_invoice_totals",
    "cloud_invoices",
    "cloud_match_candidates",
    "cloud_match_names",
    "cloud_match_owners",
    "cloud_match_runs",
    "cloud_month_totals",
    "cloud_staged_items",
    "cloud_staged_lines",
    "idempotency_keys",
    "metadata",
]

metadata = MetaData()

STATES = "match_state IN ('matched', 'ambiguous', 'unmatched', 'not_applicable')"


def _id() -> Column[Any]:
    """Ours, and ascending with time: the stable order of every list."""
    return Column("id", Uuid, nullable=False, server_default=func.uuidv7())


def _words(name: str) -> Column[Any]:
    """A text that is empty, not null, where there is none."""
    return Column(name, Text, nullable=False, server_default="")


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _usd(name: str, *, nullable: bool = False) -> Column[Any]:
    """USD, exact."""
    return Column(name, Numeric, nullable=nullable)


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in names]


def _as_billed() -> list[Column[Any]]:
    """What a line of a bill says, in both of its forms."""
    return [
        *_texts("product", "group_description", "description", "project_name", "category"),
        Column("hours", Numeric),
        _instant("start_at", nullable=True),
        _instant("end_at", nullable=True),
        _usd("amount_usd"),
    ]


def _judged() -> list[Column[Any]]:
    """What our rules say of a line by its words alone."""
    return [
        *_texts("kind", "classification"),
        Column("is_overage", Boolean, nullable=False),
        *_texts("resource_name"),
    ]


def _matched() -> list[Column[Any]]:
    """Which resource a line bills, and whose it was."""
    return [
        Column("match_state", Text, nullable=False, server_default="unmatched"),
        _words("match_rung"),
        _words("match_reason"),
        Column("resource_id", Uuid),
        Column("tenant_id", Text),
        Column("deployment_id", Text),
        Column("project_id", Uuid),
    ]


cloud_balance_snapshots = Table(
    "cloud_balance_snapshots",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *_texts("key"),
    _usd("month_to_date_balance"),
    _usd("account_balance"),
    _usd("month_to_date_usage"),
    _instant("generated_at"),
    _instant("taken_at"),
    PrimaryKeyConstraint("id", name="cloud_balance_snapshots_pkey"),
    UniqueConstraint("key", name="cloud_balance_snapshots_key_key"),
    Index("cloud_balance_snapshots_taken_at_idx", "taken_at", "id"),
)

cloud_invoices = Table(
    "cloud_invoices",
    metadata,
    _id(),
    *_texts("invoice_uuid"),
    _words("invoice_number"),
    _words("description"),
    Column("period", Date),
    _usd("history_usd"),
    _instant("issued_at"),
    Column("ingest_status", Text, nullable=False, server_default="discovered"),
    _words("ingest_error"),
    Column("ingest_id", Uuid),
    Column("line_count", BigInteger),
    _instant("ingested_at", nullable=True),
    *(
        _usd(f"{part}_usd", nullable=True)
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
    _instant("matched_at", nullable=True),
    _instant("discovered_at"),
    PrimaryKeyConstraint("id", name="cloud_invoices_pkey"),
    UniqueConstraint("invoice_uuid", name="cloud_invoices_invoice_uuid_key"),
    CheckConstraint(
        "ingest_status IN ('discovered', 'ingesting', 'ingested', 'failed')",
        name="cloud_invoices_ingest_status_check",
    ),
    CheckConstraint("extract(day FROM period) = 1", name="cloud_invoices_period_check"),
    Index("cloud_invoices_period_idx", "period", "id"),
    Index("cloud_invoices_issued_at_idx", "issued_at", "id"),
    Index(
        "cloud_invoices_pending_idx",
        "issued_at",
        "id",
        postgresql_where=text("ingest_status <> 'ingested'"),
    ),
)

cloud_cost_lines = Table(
    "cloud_cost_lines",
    metadata,
    _id(),
    Column("period", Date, nullable=False),
    Column("provider_invoice_id", Uuid, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    *_as_billed(),
    *_judged(),
    _words("provider_resource_id"),
    _words("provider_resource_uuid"),
    *_matched(),
    PrimaryKeyConstraint("period", "id", name="cloud_cost_lines_pkey"),
    UniqueConstraint(
        "period", "provider_invoice_id", "row_number", name="cloud_cost_lines_row_key"
    ),
    CheckConstraint(
        "classification IN ('resource', 'shared', 'account', 'tax', 'credit')",
        name="cloud_cost_lines_classification_check",
    ),
    CheckConstraint(STATES, name="cloud_cost_lines_match_state_check"),
    CheckConstraint(
        "match_rung IN ('', 'provider_id', 'name', 'group_project')",
        name="cloud_cost_lines_match_rung_check",
    ),
    Index("cloud_cost_lines_kind_idx", "period", "kind", "id"),
    Index("cloud_cost_lines_state_idx", "period", "match_state", "id"),
    Index("cloud_cost_lines_product_idx", "period", "product", "id"),
    Index("cloud_cost_lines_project_idx", "period", "project_name", "id"),
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
    _id(),
    Column("provider_invoice_id", Uuid, nullable=False),
    *_texts("key"),
    Column("status", Text, nullable=False, server_default="open"),
    _words("reason"),
    Column("row_count", BigInteger),
    _usd("amount_usd", nullable=True),
    Column("item_count", BigInteger, nullable=False, server_default=text("0")),
    _instant("started_at"),
    _instant("finished_at", nullable=True),
    PrimaryKeyConstraint("id", name="cloud_ingests_pkey"),
    UniqueConstraint("key", name="cloud_ingests_key_key"),
    ForeignKeyConstraint(
        ["provider_invoice_id"], ["cloud_invoices.id"], name="cloud_ingests_invoice_fkey"
    ),
    CheckConstraint("status IN ('open', 'completed', 'failed')", name="cloud_ingests_status_check"),
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
    *_as_billed(),
    *_judged(),
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
    *_as_billed(),
    *_texts("provider_resource_id", "provider_resource_uuid"),
    Index("cloud_staged_items_page_idx", "ingest_id", "page"),
    prefixes=["UNLOGGED"],
)

cloud_daily_costs = Table(
    "cloud_daily_costs",
    metadata,
    _id(),
    Column("day", Date, nullable=False),
    *_texts("region", "sku", "description", "group_description"),
    _usd("amount_usd"),
    *_judged(),
    *_matched(),
    PrimaryKeyConstraint("day", "id", name="cloud_daily_costs_pkey"),
    CheckConstraint(STATES, name="cloud_daily_costs_match_state_check"),
    Index("cloud_daily_costs_kind_idx", "kind", "day", "id"),
    *(
        Index(
            f"cloud_daily_costs_{whose}_idx",
            f"{whose}_id",
            "day",
            "id",
            postgresql_where=text(f"{whose}_id IS NOT NULL"),
        )
        for whose in ("tenant", "deployment")
    ),
    postgresql_partition_by="RANGE (day)",
)

cloud_daily_cost_days = Table(
    "cloud_daily_cost_days",
    metadata,
    Column("day", Date, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    _usd("amount_usd"),
    _instant("read_at"),
    PrimaryKeyConstraint("day", name="cloud_daily_cost_days_pkey"),
)

cloud_match_runs = Table(
    "cloud_match_runs",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    _instant("prepared_at"),
    PrimaryKeyConstraint("scope_id", name="cloud_match_runs_pkey"),
    prefixes=["UNLOGGED"],
)

cloud_match_candidates = Table(
    "cloud_match_candidates",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *_texts("kind", "provider_id"),
    Column("project_id", Uuid),
    *_texts("project_name"),
    _instant("lived_from"),
    _instant("lived_to", nullable=True),
    PrimaryKeyConstraint("scope_id", "resource_id", name="cloud_match_candidates_pkey"),
    Index("cloud_match_candidates_id_idx", "scope_id", "provider_id", "kind"),
    prefixes=["UNLOGGED"],
)

cloud_match_names = Table(
    "cloud_match_names",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *_texts("kind", "name_key"),
    _instant("valid_from"),
    _instant("valid_to", nullable=True),
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
    _instant("valid_from"),
    PrimaryKeyConstraint("scope_id", "resource_id", "valid_from", name="cloud_match_owners_pkey"),
    prefixes=["UNLOGGED"],
)

cloud_invoice_totals = Table(
    "cloud_invoice_totals",
    metadata,
    Column("period", Date, nullable=False),
    Column("provider_invoice_id", Uuid, nullable=False),
    *_texts("grouped_by", "value"),
    _usd("amount_usd"),
    Column("line_count", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "period", "provider_invoice_id", "grouped_by", "value", name="cloud_invoice_totals_pkey"
    ),
)

cloud_month_totals = Table(
    "cloud_month_totals",
    metadata,
    Column("period", Date, nullable=False),
    *_texts("grouped_by", "value"),
    _usd("amount_usd"),
    Column("line_count", BigInteger, nullable=False),
    PrimaryKeyConstraint("period", "grouped_by", "value", name="cloud_month_totals_pkey"),
    Index(
        "cloud_month_totals_amount_idx", "period", "grouped_by", text("amount_usd DESC"), "value"
    ),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    *_texts("caller", "key"),
    Column("tenant_id", Text),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("caller", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_created_at_idx", "created_at"),
)
