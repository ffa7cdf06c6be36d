"""The tables of daily estimates, the billing history and precomputed totals."""

from sqlalchemy import text

from services.billing.ingest.rules.matching import MATCH_STATES
from services.billing.tables import classified, matched, table
from services.common.db.tables import (
    check,
    counts,
    days,
    identifier,
    index,
    instants,
    key,
    names,
    numbers,
    one_of,
    unique,
    uuids,
    words,
)

__all__ = [
    "cloud_daily_cost_days",
    "cloud_daily_costs",
    "cloud_history_entries",
    "cloud_history_walks",
    "cloud_invoice_totals",
    "cloud_month_totals",
]

cloud_daily_costs = table(
    "cloud_daily_costs",
    identifier(),
    days("day"),
    names("region", "sku", "description", "group_description"),
    numbers("amount_usd"),
    classified(),
    matched(),
    key("day", "id"),
    one_of("match_state", MATCH_STATES),
    index("kind", "kind", "day", "id"),
    index("tenant", "tenant_id", "day", "id", where="tenant_id IS NOT NULL"),
    index("deployment", "deployment_id", "day", "id", where="deployment_id IS NOT NULL"),
    partitioned_by="day",
)

cloud_daily_cost_days = table(
    "cloud_daily_cost_days",
    days("day"),
    counts("row_count"),
    numbers("amount_usd"),
    instants("read_at"),
    key("day"),
)

cloud_history_walks = table(
    "cloud_history_walks",
    names("key"),
    instants("started_at"),
    instants("finished_at", nullable=True),
    key("key"),
    index("finished", "finished_at"),
)

cloud_history_entries = table(
    "cloud_history_entries",
    identifier(),
    names("fingerprint"),
    counts("ordinal"),
    names("type", "description"),
    numbers("amount_usd", nullable=True),
    names("invoice_number", "invoice_uuid"),
    instants("occurred_at", nullable=True),
    names("unreadable"),
    instants("first_seen_at", "last_seen_at", "listed_at"),
    key("id"),
    unique("fingerprint", "ordinal", name="said"),
    check("read", "(unreadable = '') = (amount_usd IS NOT NULL AND occurred_at IS NOT NULL)"),
    index("listed", "listed_at", "id"),
    index("seen", "last_seen_at"),
)

cloud_invoice_totals = table(
    "cloud_invoice_totals",
    days("period"),
    uuids("provider_invoice_id"),
    names("grouped_by", "value"),
    words("tenant_id"),
    numbers("amount_usd"),
    counts("line_count"),
    key("period", "provider_invoice_id", "grouped_by", "value", "tenant_id"),
)

cloud_month_totals = table(
    "cloud_month_totals",
    days("period"),
    names("grouped_by", "value"),
    words("tenant_id"),
    numbers("amount_usd"),
    counts("line_count"),
    key("period", "grouped_by", "value", "tenant_id"),
    index("amount", "period", "grouped_by", text("amount_usd DESC"), "value", "tenant_id"),
)
