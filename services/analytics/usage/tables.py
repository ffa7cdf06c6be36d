"""The tables of usage and of generations."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.analytics.tables import metadata
from services.common.db.columns import identifier, instant, names, number, words

__all__ = [
    "daily_usage",
    "metering_months",
    "month_changes",
    "unfolded_usage",
    "usage_event_keys",
    "usage_events",
    "usage_facts",
    "usage_voids",
    "work_pass_pages",
    "work_passes",
]

DEPLOYMENT_ID: Final = "^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$"
"""The pattern of the catalog's ids; usage under another name awaits adoption."""

work_passes = Table(
    "work_passes",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("work", Text, nullable=False),
    Column("subject", Date, nullable=False),
    Column("pass_key", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    instant("until", nullable=True),
    Column("complete", Boolean, nullable=False, server_default=text("true")),
    words("source_version"),
    instant("started_at"),
    instant("completed_at", nullable=True),
    PrimaryKeyConstraint("id", name="work_passes_pkey"),
    UniqueConstraint("work", "subject", "pass_key", name="work_passes_key_key"),
    CheckConstraint(
        "work IN ('metering', 'costs', 'daily_costs', 'accrual')", name="work_passes_work_check"
    ),
    CheckConstraint(
        "state IN ('running', 'current', 'superseded')", name="work_passes_state_check"
    ),
    CheckConstraint(
        "state <> 'current' OR completed_at IS NOT NULL", name="work_passes_completed_check"
    ),
    Index(
        "work_passes_current_idx",
        "work",
        "subject",
        unique=True,
        postgresql_where=text("state = 'current'"),
    ),
)

work_pass_pages = Table(
    "work_pass_pages",
    metadata,
    Column("pass_id", BigInteger, nullable=False),
    *names("token", "next_token"),
    Column("counts", ARRAY(BigInteger), nullable=False),
    PrimaryKeyConstraint("pass_id", "token", name="work_pass_pages_pkey"),
    ForeignKeyConstraint(
        ["pass_id"], ["work_passes.id"], name="work_pass_pages_pass_fkey", ondelete="CASCADE"
    ),
)

metering_months = Table(
    "metering_months",
    metadata,
    Column("period", Date, nullable=False),
    instant("closed_at", nullable=True),
    PrimaryKeyConstraint("period", name="metering_months_pkey"),
    CheckConstraint("extract(day FROM period) = 1", name="metering_months_period_check"),
)

month_changes = Table(
    "month_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *names("tenant_id", "deployment_id"),
    Column("period", Date, nullable=False),
    *names("cause"),
    instant("noted_at"),
    Column("invoice_id", Uuid),
    PrimaryKeyConstraint("id", name="month_changes_pkey"),
    CheckConstraint("cause IN ('usage', 'subscription')", name="month_changes_cause_check"),
    CheckConstraint("extract(day FROM period) = 1", name="month_changes_period_check"),
    Index(
        "month_changes_open_idx",
        "tenant_id",
        "period",
        postgresql_where=text("invoice_id IS NULL"),
    ),
    Index(
        "month_changes_invoice_idx",
        "invoice_id",
        postgresql_where=text("invoice_id IS NOT NULL"),
    ),
)

usage_facts = Table(
    "usage_facts",
    metadata,
    Column("day", Date, nullable=False),
    Column("pass_id", BigInteger, nullable=False),
    *names("page", "tenant_id", "deployment_id", "resource_kind"),
    Column("resource_id", Uuid, nullable=False),
    *names("inventory_kind", "resource_name"),
    instant("fact_from"),
    instant("fact_to"),
    number("size_gb", nullable=True),
    number("qty"),
    PrimaryKeyConstraint(
        "day",
        "pass_id",
        "tenant_id",
        "deployment_id",
        "resource_kind",
        "resource_id",
        "fact_from",
        name="usage_facts_pkey",
    ),
    CheckConstraint("fact_to > fact_from", name="usage_facts_span_check"),
    CheckConstraint("qty >= 0", name="usage_facts_qty_check"),
    postgresql_partition_by="RANGE (day)",
)

unmeasured_spans = Table(
    "unmeasured_spans",
    metadata,
    Column("day", Date, nullable=False),
    Column("pass_id", BigInteger, nullable=False),
    *names("page"),
    Column("resource_id", Uuid, nullable=False),
    *names("inventory_kind", "resource_name", "tenant_id", "deployment_id", "resource_kind"),
    instant("span_from"),
    instant("span_to"),
    *names("reason"),
    Column("is_current", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint(
        "day", "pass_id", "resource_id", "span_from", name="unmeasured_spans_pkey"
    ),
    CheckConstraint("span_to > span_from", name="unmeasured_spans_span_check"),
    Index("unmeasured_spans_tenant_idx", "tenant_id", "day", postgresql_where=text("is_current")),
)

daily_usage = Table(
    "daily_usage",
    metadata,
    identifier(),
    Column("day", Date, nullable=False),
    Column("pass_id", BigInteger),
    *names("tenant_id", "deployment_id", "resource_kind"),
    number("qty"),
    Column("fact_count", BigInteger, nullable=False),
    *names("facts_hash"),
    instant("metered_at"),
    PrimaryKeyConstraint("day", "id", name="daily_usage_pkey"),
    UniqueConstraint(
        "day", "tenant_id", "deployment_id", "resource_kind", name="daily_usage_figure_key"
    ),
    CheckConstraint("qty >= 0", name="daily_usage_qty_check"),
    Index("daily_usage_id_idx", "id"),
    Index(
        "daily_usage_tenant_idx", "tenant_id", text("day DESC"), "deployment_id", "resource_kind"
    ),
    Index(
        "daily_usage_named_idx",
        "tenant_id",
        "deployment_id",
        "day",
        postgresql_where=text(f"deployment_id !~ '{DEPLOYMENT_ID}'"),
    ),
    postgresql_partition_by="RANGE (day)",
)

usage_event_keys = Table(
    "usage_event_keys",
    metadata,
    *names("source", "idempotency_key"),
    Column("content_digest", BigInteger, nullable=False),
    Column("day", Date),
    PrimaryKeyConstraint("source", "idempotency_key", name="usage_event_keys_pkey"),
)

usage_events = Table(
    "usage_events",
    metadata,
    Column("day", Date, nullable=False),
    *names("source", "idempotency_key", "tenant_id", "deployment_id", "resource_kind"),
    number("qty"),
    instant("occurred_at"),
    instant("received_at"),
    CheckConstraint("qty >= 0", name="usage_events_qty_check"),
    Index("usage_events_figure_idx", "day", "deployment_id", "resource_kind", "occurred_at"),
    postgresql_partition_by="RANGE (day)",
)

usage_voids = Table(
    "usage_voids",
    metadata,
    *names("source", "idempotency_key"),
    Column("day", Date, nullable=False),
    *names("tenant_id", "deployment_id", "resource_kind"),
    number("qty"),
    instant("occurred_at"),
    instant("received_at"),
    *names("reason", "voided_by"),
    instant("voided_at"),
    PrimaryKeyConstraint("source", "idempotency_key", name="usage_voids_pkey"),
    ForeignKeyConstraint(
        ["source", "idempotency_key"],
        ["usage_event_keys.source", "usage_event_keys.idempotency_key"],
        name="usage_voids_key_fkey",
    ),
    Index("usage_voids_order_idx", text("voided_at DESC"), "source", "idempotency_key"),
    Index(
        "usage_voids_tenant_idx",
        "tenant_id",
        text("voided_at DESC"),
        "source",
        "idempotency_key",
    ),
)

unfolded_usage = Table(
    "unfolded_usage",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("day", Date, nullable=False),
    *names("tenant_id", "deployment_id", "resource_kind"),
    PrimaryKeyConstraint("id", name="unfolded_usage_pkey"),
    Index("unfolded_usage_day_idx", "day"),
)
