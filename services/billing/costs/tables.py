"""The tables of costs beside the bills' lines: daily estimates, the history, sums kept ready."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.billing.ingest.tables import metadata
from services.common.db import columns

__all__ = [
    "STATES",
    "as_billed",
    "cloud_daily_cost_days",
    "cloud_daily_costs",
    "cloud_history_entries",
    "cloud_history_walks",
    "cloud_invoice_totals",
    "cloud_month_totals",
    "judged",
    "matched",
]

STATES = "match_state IN ('matched', 'ambiguous', 'unmatched', 'not_applicable')"


def as_billed() -> list[Column[Any]]:
    """What a line of a bill says, in both of its forms."""
    return [
        *columns.names("product", "group_description", "description", "project_name", "category"),
        Column("hours", Numeric),
        columns.instant("start_at", nullable=True),
        columns.instant("end_at", nullable=True),
        columns.number("amount_usd"),
    ]


def judged() -> list[Column[Any]]:
    """What our rules say of a line by its words alone."""
    return [
        *columns.names("kind", "classification"),
        Column("is_overage", Boolean, nullable=False),
        *columns.names("resource_name"),
    ]


def matched() -> list[Column[Any]]:
    """Which resource a line bills, and whose it was."""
    return [
        Column("match_state", Text, nullable=False, server_default="unmatched"),
        columns.words("match_rung"),
        columns.words("match_reason"),
        Column("resource_id", Uuid),
        Column("tenant_id", Text),
        Column("deployment_id", Text),
        Column("project_id", Uuid),
    ]


cloud_daily_costs = Table(
    "cloud_daily_costs",
    metadata,
    columns.identifier(),
    Column("day", Date, nullable=False),
    *columns.names("region", "sku", "description", "group_description"),
    columns.number("amount_usd"),
    *judged(),
    *matched(),
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
