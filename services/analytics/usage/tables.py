"""The tables of usage and of generations."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.analytics.tables import table
from services.common.db import tables

__all__ = [
    "daily_usage",
    "metering_months",
    "month_changes",
    "unfolded_usage",
    "usage_event_keys",
    "usage_events",
    "usage_facts",
    "usage_levels",
    "usage_voids",
    "work_pass_pages",
    "work_passes",
]

DEPLOYMENT_ID: Final = "^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$"
"""The pattern of the catalog's ids; usage under another name awaits adoption."""


def _dimensions() -> Column[Any]:
    """The dimensions of usage, by key; empty for none."""
    return Column("dimensions", JSONB, nullable=False, server_default=text("'{}'"))


work_passes = table(
    "work_passes",
    tables.serial(),
    tables.names("work"),
    tables.days("subject"),
    tables.names("pass_key"),
    tables.names("state", default="running"),
    tables.instants("until", nullable=True),
    Column("complete", Boolean, nullable=False, server_default=text("true")),
    tables.words("source_version"),
    tables.instants("started_at"),
    tables.instants("completed_at", nullable=True),
    tables.key("id"),
    tables.unique("work", "subject", "pass_key", name="key"),
    tables.check("work", "work IN ('metering', 'costs', 'daily_costs', 'accrual')"),
    tables.check("state", "state IN ('running', 'current', 'superseded')"),
    tables.check("completed", "state <> 'current' OR completed_at IS NOT NULL"),
    tables.index("current", "work", "subject", unique=True, where="state = 'current'"),
)

work_pass_pages = table(
    "work_pass_pages",
    tables.counts("pass_id"),
    tables.names("token", "next_token"),
    Column("counts", ARRAY(BigInteger), nullable=False),
    tables.key("pass_id", "token"),
    ForeignKeyConstraint(["pass_id"], ["work_passes.id"], name="pass", ondelete="CASCADE"),
)

metering_months = table(
    "metering_months",
    tables.days("period"),
    tables.instants("closed_at", nullable=True),
    tables.key("period"),
    tables.check("period", "extract(day FROM period) = 1"),
)

month_changes = table(
    "month_changes",
    tables.serial(),
    tables.names("tenant_id", "deployment_id"),
    tables.days("period"),
    tables.names("cause"),
    tables.instants("noted_at"),
    tables.uuids("invoice_id", nullable=True),
    tables.key("id"),
    tables.check("cause", "cause IN ('usage', 'subscription', 'costs')"),
    tables.check("period", "extract(day FROM period) = 1"),
    tables.index("open", "tenant_id", "period", where="invoice_id IS NULL"),
    tables.index("invoice", "invoice_id", where="invoice_id IS NOT NULL"),
)

usage_facts = table(
    "usage_facts",
    tables.days("day"),
    tables.counts("pass_id"),
    tables.names("page", "tenant_id", "deployment_id", "resource_kind"),
    tables.uuids("resource_id"),
    tables.names("inventory_kind", "resource_name"),
    tables.instants("fact_from", "fact_to"),
    tables.numbers("size_gb", nullable=True),
    tables.numbers("qty"),
    _dimensions(),
    tables.key(
        "day",
        "pass_id",
        "tenant_id",
        "deployment_id",
        "resource_kind",
        "resource_id",
        "fact_from",
        "dimensions",
    ),
    tables.check("span", "fact_to > fact_from"),
    tables.check("qty", "qty >= 0"),
    partitioned_by="day",
)

unmeasured_spans = table(
    "unmeasured_spans",
    tables.days("day"),
    tables.counts("pass_id"),
    tables.names("page"),
    tables.uuids("resource_id"),
    tables.names("inventory_kind", "resource_name", "tenant_id", "deployment_id", "resource_kind"),
    tables.instants("span_from", "span_to"),
    tables.names("reason"),
    tables.flags("is_current"),
    tables.key("day", "pass_id", "resource_id", "span_from"),
    tables.check("span", "span_to > span_from"),
    tables.index("tenant", "tenant_id", "day", where="is_current"),
)

daily_usage = table(
    "daily_usage",
    tables.identifier(),
    tables.days("day"),
    tables.counts("pass_id", nullable=True),
    tables.names("tenant_id", "deployment_id", "resource_kind"),
    tables.numbers("qty"),
    tables.counts("fact_count"),
    tables.names("facts_hash"),
    tables.instants("metered_at"),
    _dimensions(),
    tables.names("aggregation", default="sum"),
    tables.key("day", "id"),
    tables.unique(
        "day", "tenant_id", "deployment_id", "resource_kind", "dimensions", name="figure"
    ),
    tables.check("qty", "qty >= 0"),
    tables.index("id", "id"),
    tables.index("tenant", "tenant_id", text("day DESC"), "deployment_id", "resource_kind"),
    tables.index(
        "named", "tenant_id", "deployment_id", "day", where=f"deployment_id !~ '{DEPLOYMENT_ID}'"
    ),
    partitioned_by="day",
)

usage_event_keys = table(
    "usage_event_keys",
    tables.names("source", "idempotency_key"),
    tables.counts("content_digest"),
    tables.days("day", nullable=True),
    tables.key("source", "idempotency_key"),
)

usage_events = table(
    "usage_events",
    tables.days("day"),
    tables.names("source", "idempotency_key", "tenant_id", "deployment_id", "resource_kind"),
    tables.numbers("qty"),
    tables.instants("occurred_at", "received_at"),
    _dimensions(),
    tables.names("aggregation", default="sum"),
    Column("unique_digest", LargeBinary),
    tables.check("qty", "qty >= 0"),
    tables.check(
        "aggregation", "aggregation IN ('sum', 'time_weighted', 'max', 'latest', 'unique')"
    ),
    tables.check("unique", "(aggregation = 'unique') = (unique_digest IS NOT NULL)"),
    tables.index("figure", "day", "deployment_id", "resource_kind", "occurred_at"),
    tables.index(
        "series",
        "deployment_id",
        "resource_kind",
        "dimensions",
        "day",
        "occurred_at",
        where="aggregation <> 'sum'",
    ),
    tables.index(
        "unique",
        "deployment_id",
        "resource_kind",
        "unique_digest",
        "day",
        where="unique_digest IS NOT NULL",
    ),
    partitioned_by="day",
)

usage_levels = table(
    "usage_levels",
    tables.names("tenant_id", "deployment_id", "resource_kind"),
    _dimensions(),
    tables.names("basis"),
    tables.key("deployment_id", "resource_kind", "dimensions", "tenant_id"),
    tables.check("basis", "basis IN ('hours', 'months')"),
)

usage_voids = table(
    "usage_voids",
    tables.names("source", "idempotency_key"),
    tables.days("day"),
    tables.names("tenant_id", "deployment_id", "resource_kind"),
    tables.numbers("qty"),
    tables.instants("occurred_at", "received_at"),
    tables.names("reason", "voided_by"),
    tables.instants("voided_at"),
    _dimensions(),
    tables.key("source", "idempotency_key"),
    ForeignKeyConstraint(
        ["source", "idempotency_key"],
        ["usage_event_keys.source", "usage_event_keys.idempotency_key"],
        name="key",
    ),
    tables.index("order", text("voided_at DESC"), "source", "idempotency_key"),
    tables.index("tenant", "tenant_id", text("voided_at DESC"), "source", "idempotency_key"),
)

unfolded_usage = table(
    "unfolded_usage",
    tables.serial(),
    tables.days("day"),
    tables.names("tenant_id", "deployment_id", "resource_kind"),
    tables.names("aggregation", default="sum"),
    tables.key("id"),
    tables.index("day", "day"),
)
