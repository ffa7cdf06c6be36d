"""The tables of daily estimates, the billing history and precomputed totals."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from services.billing.costs.store import line_columns
from services.billing.ingest.rules.matching import MATCH_STATES
from services.billing.ingest.tables import metadata
from services.common.db import columns

__all__ = [
    "cloud_daily_cost_days",
    "cloud_daily_costs",
    "cloud_history_entries",
    "cloud_history_walks",
    "cloud_invoice_totals",
    "cloud_month_totals",
]

cloud_daily_costs = Table(
    "cloud_daily_costs",
    metadata,
    columns.identifier(),
    Column("day", Date, nullable=False),
    *columns.names("region", "sku", "description", "group_description"),
    columns.number("amount_usd"),
    *line_columns.judged(),
    *line_columns.matched(),
    PrimaryKeyConstraint("day", "id", name="cloud_daily_costs_pkey"),
    columns.one_of("cloud_daily_costs", "match_state", MATCH_STATES),
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
    columns.number("amount_usd"),
    columns.instant("read_at"),
    PrimaryKeyConstraint("day", name="cloud_daily_cost_days_pkey"),
)

cloud_history_walks = Table(
    "cloud_history_walks",
    metadata,
    *columns.names("key"),
    columns.instant("started_at"),
    columns.instant("finished_at", nullable=True),
    PrimaryKeyConstraint("key", name="cloud_history_walks_pkey"),
    Index("cloud_history_walks_finished_idx", "finished_at"),
)

cloud_history_entries = Table(
    "cloud_history_entries",
    metadata,
    columns.identifier(),
    *columns.names("fingerprint"),
    Column("ordinal", BigInteger, nullable=False),
    *columns.names("type", "description"),
    columns.number("amount_usd", nullable=True),
    *columns.names("invoice_number", "invoice_uuid"),
    columns.instant("occurred_at", nullable=True),
    *columns.names("unreadable"),
    columns.instant("first_seen_at"),
    columns.instant("last_seen_at"),
    columns.instant("listed_at"),
    PrimaryKeyConstraint("id", name="cloud_history_entries_pkey"),
    UniqueConstraint("fingerprint", "ordinal", name="cloud_history_entries_said_key"),
    CheckConstraint(
        "(unreadable = '') = (amount_usd IS NOT NULL AND occurred_at IS NOT NULL)",
        name="cloud_history_entries_read_check",
    ),
    Index("cloud_history_entries_listed_idx", "listed_at", "id"),
    Index("cloud_history_entries_seen_idx", "last_seen_at"),
)

cloud_invoice_totals = Table(
    "cloud_invoice_totals",
    metadata,
    Column("period", Date, nullable=False),
    Column("provider_invoice_id", Uuid, nullable=False),
    *columns.names("grouped_by", "value"),
    columns.words("tenant_id"),
    columns.number("amount_usd"),
    Column("line_count", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "period",
        "provider_invoice_id",
        "grouped_by",
        "value",
        "tenant_id",
        name="cloud_invoice_totals_pkey",
    ),
)

cloud_month_totals = Table(
    "cloud_month_totals",
    metadata,
    Column("period", Date, nullable=False),
    *columns.names("grouped_by", "value"),
    columns.words("tenant_id"),
    columns.number("amount_usd"),
    Column("line_count", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "period", "grouped_by", "value", "tenant_id", name="cloud_month_totals_pkey"
    ),
    Index(
        "cloud_month_totals_amount_idx",
        "period",
        "grouped_by",
        text("amount_usd DESC"),
        "value",
        "tenant_id",
    ),
)
