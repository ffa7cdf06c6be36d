"""The tables of usage and of generations."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.analytics.tables import table
from services.common.db.tables import (
    check,
    counts,
    days,
    flags,
    identifier,
    index,
    instants,
    key,
    names,
    numbers,
    serial,
    unique,
    uuids,
    words,
)

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


def _dimensions() -> Column[Any]:
    """The dimensions of usage, by key; empty for none."""
    return Column("dimensions", JSONB, nullable=False, server_default=text("'{}'"))


work_passes = table(
    "work_passes",
    serial(),
    names("work"),
    days("subject"),
    names("pass_key"),
    names("state", default="running"),
    instants("until", nullable=True),
    Column("complete", Boolean, nullable=False, server_default=text("true")),
    words("source_version"),
    instants("started_at"),
    instants("completed_at", nullable=True),
    key("id"),
    unique("work", "subject", "pass_key", name="key"),
    check("work", "work IN ('metering', 'costs', 'daily_costs', 'accrual')"),
    check("state", "state IN ('running', 'current', 'superseded')"),
    check("completed", "state <> 'current' OR completed_at IS NOT NULL"),
    index("current", "work", "subject", unique=True, where="state = 'current'"),
)

work_pass_pages = table(
    "work_pass_pages",
    counts("pass_id"),
    names("token", "next_token"),
    Column("counts", ARRAY(BigInteger), nullable=False),
    key("pass_id", "token"),
    ForeignKeyConstraint(["pass_id"], ["work_passes.id"], name="pass", ondelete="CASCADE"),
)

metering_months = table(
    "metering_months",
    days("period"),
    instants("closed_at", nullable=True),
    key("period"),
    check("period", "extract(day FROM period) = 1"),
)

month_changes = table(
    "month_changes",
    serial(),
    names("tenant_id", "deployment_id"),
    days("period"),
    names("cause"),
    instants("noted_at"),
    uuids("invoice_id", nullable=True),
    key("id"),
    check("cause", "cause IN ('usage', 'subscription')"),
    check("period", "extract(day FROM period) = 1"),
    index("open", "tenant_id", "period", where="invoice_id IS NULL"),
    index("invoice", "invoice_id", where="invoice_id IS NOT NULL"),
)

usage_facts = table(
    "usage_facts",
    days("day"),
    counts("pass_id"),
    names("page", "tenant_id", "deployment_id", "resource_kind"),
    uuids("resource_id"),
    names("inventory_kind", "resource_name"),
    instants("fact_from", "fact_to"),
    numbers("size_gb", nullable=True),
    numbers("qty"),
    _dimensions(),
    key(
        "day",
        "pass_id",
        "tenant_id",
        "deployment_id",
        "resource_kind",
        "resource_id",
        "fact_from",
        "dimensions",
    ),
    check("span", "fact_to > fact_from"),
    check("qty", "qty >= 0"),
    partitioned_by="day",
)

unmeasured_spans = table(
    "unmeasured_spans",
    days("day"),
    counts("pass_id"),
    names("page"),
    uuids("resource_id"),
    names("inventory_kind", "resource_name", "tenant_id", "deployment_id", "resource_kind"),
    instants("span_from", "span_to"),
    names("reason"),
    flags("is_current"),
    key("day", "pass_id", "resource_id", "span_from"),
    check("span", "span_to > span_from"),
    index("tenant", "tenant_id", "day", where="is_current"),
)

daily_usage = table(
    "daily_usage",
    identifier(),
    days("day"),
    counts("pass_id", nullable=True),
    names("tenant_id", "deployment_id", "resource_kind"),
    numbers("qty"),
    counts("fact_count"),
    names("facts_hash"),
    instants("metered_at"),
    _dimensions(),
    key("day", "id"),
    unique("day", "tenant_id", "deployment_id", "resource_kind", "dimensions", name="figure"),
    check("qty", "qty >= 0"),
    index("id", "id"),
    index("tenant", "tenant_id", text("day DESC"), "deployment_id", "resource_kind"),
    index(
        "named", "tenant_id", "deployment_id", "day", where=f"deployment_id !~ '{DEPLOYMENT_ID}'"
    ),
    partitioned_by="day",
)

usage_event_keys = table(
    "usage_event_keys",
    names("source", "idempotency_key"),
    counts("content_digest"),
    days("day", nullable=True),
    key("source", "idempotency_key"),
)

usage_events = table(
    "usage_events",
    days("day"),
    names("source", "idempotency_key", "tenant_id", "deployment_id", "resource_kind"),
    numbers("qty"),
    instants("occurred_at", "received_at"),
    _dimensions(),
    check("qty", "qty >= 0"),
    index("figure", "day", "deployment_id", "resource_kind", "occurred_at"),
    partitioned_by="day",
)

usage_voids = table(
    "usage_voids",
    names("source", "idempotency_key"),
    days("day"),
    names("tenant_id", "deployment_id", "resource_kind"),
    numbers("qty"),
    instants("occurred_at", "received_at"),
    names("reason", "voided_by"),
    instants("voided_at"),
    _dimensions(),
    key("source", "idempotency_key"),
    ForeignKeyConstraint(
        ["source", "idempotency_key"],
        ["usage_event_keys.source", "usage_event_keys.idempotency_key"],
        name="key",
    ),
    index("order", text("voided_at DESC"), "source", "idempotency_key"),
    index("tenant", "tenant_id", text("voided_at DESC"), "source", "idempotency_key"),
)

unfolded_usage = table(
    "unfolded_usage",
    serial(),
    days("day"),
    names("tenant_id", "deployment_id", "resource_kind"),
    key("id"),
    index("day", "day"),
)
