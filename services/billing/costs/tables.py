"""The tables of daily estimates, the billing history and precomputed totals."""

from sqlalchemy import text

from services.billing.ingest.rules.matching import MATCH_STATES
from services.billing.tables import classified, matched, table
from services.common.db import tables

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
    tables.identifier(),
    tables.days("day"),
    tables.names("region", "sku", "description", "group_description"),
    tables.numbers("amount_usd"),
    classified(),
    matched(),
    tables.key("day", "id"),
    tables.one_of("match_state", MATCH_STATES),
    tables.index("kind", "kind", "day", "id"),
    tables.index("tenant", "tenant_id", "day", "id", where="tenant_id IS NOT NULL"),
    tables.index("deployment", "deployment_id", "day", "id", where="deployment_id IS NOT NULL"),
    partitioned_by="day",
)

cloud_daily_cost_days = table(
    "cloud_daily_cost_days",
    tables.days("day"),
    tables.counts("row_count"),
    tables.numbers("amount_usd"),
    tables.instants("read_at"),
    tables.key("day"),
)

cloud_history_walks = table(
    "cloud_history_walks",
    tables.names("key"),
    tables.instants("started_at"),
    tables.instants("finished_at", nullable=True),
    tables.key("key"),
    tables.index("finished", "finished_at"),
)

cloud_history_entries = table(
    "cloud_history_entries",
    tables.identifier(),
    tables.names("fingerprint"),
    tables.counts("ordinal"),
    tables.names("type", "description"),
    tables.numbers("amount_usd", nullable=True),
    tables.names("invoice_number", "invoice_uuid"),
    tables.instants("occurred_at", nullable=True),
    tables.names("unreadable"),
    tables.instants("first_seen_at", "last_seen_at", "listed_at"),
    tables.key("id"),
    tables.unique("fingerprint", "ordinal", name="said"),
    tables.check(
        "read", "(unreadable = '') = (amount_usd IS NOT NULL AND occurred_at IS NOT NULL)"
    ),
    tables.index("listed", "listed_at", "id"),
    tables.index("seen", "last_seen_at"),
)

cloud_invoice_totals = table(
    "cloud_invoice_totals",
    tables.days("period"),
    tables.uuids("provider_invoice_id"),
    tables.names("grouped_by", "value"),
    tables.words("tenant_id"),
    tables.numbers("amount_usd"),
    tables.counts("line_count"),
    tables.key("period", "provider_invoice_id", "grouped_by", "value", "tenant_id"),
)

cloud_month_totals = table(
    "cloud_month_totals",
    tables.days("period"),
    tables.names("grouped_by", "value"),
    tables.words("tenant_id"),
    tables.numbers("amount_usd"),
    tables.counts("line_count"),
    tables.key("period", "grouped_by", "value", "tenant_id"),
    tables.index("amount", "period", "grouped_by", text("amount_usd DESC"), "value", "tenant_id"),
)
