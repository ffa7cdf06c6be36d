"""The tables of exchange rates, attributed costs, accruals and margins."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import SchemaItem

from services.analytics.tables import table
from services.common.db import tables
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = [
    "accrual_failures",
    "accruals",
    "attributed_costs",
    "exchange_rates",
    "known_lives",
    "margin_kinds",
    "margin_months",
    "margin_shares",
    "reconciliation_differences",
    "reconciliations",
    "resource_spans",
    "shared_splits",
]


def _found_by() -> Sequence[SchemaItem]:
    """The generation, month and page of a row."""
    return [*tables.days("period"), *tables.counts("pass_id"), *tables.names("page")]


exchange_rates = table(
    "exchange_rates",
    tables.identifier(),
    tables.names("from_currency", "to_currency"),
    tables.numbers("rate"),
    effective_dates(),
    tables.words("source"),
    tables.names("created_by"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.check("rate", "rate > 0"),
    tables.check("currencies", "from_currency <> to_currency"),
    tables.check("span", "effective_to > effective_from"),
    never_overlapping("exchange_rates_no_overlap", "from_currency", "to_currency"),
)

resource_spans = table(
    "resource_spans",
    _found_by(),
    tables.uuids("resource_id"),
    tables.names("kind", "name", "tenant_id", "deployment_id"),
    tables.instants("span_from", "span_to"),
    tables.numbers("size_gb", nullable=True),
    tables.key("period", "pass_id", "resource_id", "span_from"),
    tables.check("span", "span_to > span_from"),
    partitioned_by="period",
)

attributed_costs = table(
    "attributed_costs",
    _found_by(),
    tables.uuids("cost_id", nullable=True),
    tables.days("day", nullable=True),
    tables.names("kind", "classification", "description"),
    tables.uuids("resource_id", nullable=True),
    tables.numbers("hours", nullable=True),
    tables.instants("start_at", "end_at", nullable=True),
    tables.names("attribution", "tenant_id", "deployment_id"),
    tables.numbers("amount_usd"),
    tables.words("cost_key"),
    tables.check("attribution", "attribution IN ('tenant', 'internal', 'unattributed', 'shared')"),
    tables.check("tenant", "(attribution = 'tenant') = (tenant_id <> '')"),
    tables.index("pass", "period", "pass_id", "page"),
    tables.index("tenant", "period", "pass_id", "tenant_id", where="tenant_id <> ''"),
    partitioned_by="period",
)

known_lives = table(
    "known_lives",
    tables.days("period"),
    tables.counts("pass_id"),
    tables.uuids("resource_id"),
    tables.instants("lived_from"),
    tables.instants("lived_to", nullable=True),
    tables.booleans("begin_unknown"),
    tables.key("period", "pass_id", "resource_id"),
)

shared_splits = table(
    "shared_splits",
    tables.days("period"),
    tables.counts("pass_id"),
    tables.names("kind", "split_key", "remark"),
    tables.integers("unkeyed_owners"),
    tables.numbers("amount_usd"),
    tables.key("period", "pass_id", "kind"),
    tables.check(
        "key",
        "split_key IN ('stored_gb_months', 'bucket_time', 'outbound_bytes', 'droplet_time',"
        " 'none')",
    ),
)

accruals = table(
    "accruals",
    _found_by(),
    tables.names("subscription_id", "deployment_id", "tenant_id"),
    tables.cents("accrued_cents", "recurring_cents", "overage_cents", "ad_hoc_cents"),
    Column("rebilled_cents", BigInteger, nullable=False, server_default=text("0")),
    Column("kind_cents", JSONB, nullable=False),
    tables.names("currency", "inputs_json", "inputs_hash", "engine_version", "result_hash"),
    tables.key("period", "pass_id", "subscription_id"),
    tables.check(
        "sum", "accrued_cents = recurring_cents + overage_cents + ad_hoc_cents + rebilled_cents"
    ),
    tables.index("order", "pass_id", "tenant_id", "deployment_id", "subscription_id"),
)

accrual_failures = table(
    "accrual_failures",
    _found_by(),
    tables.names("subscription_id", "deployment_id", "tenant_id", "reason", "message"),
    tables.key("period", "pass_id", "subscription_id"),
)

margin_months = table(
    "margin_months",
    tables.days("period"),
    tables.names("basis"),
    tables.cents("revenue_cents", "cogs_cents", nullable=True),
    tables.names("revenue_state", "cogs_state", "reporting_currency"),
    Column("exchange_rate_ids", ARRAY(Uuid), nullable=False),
    tables.booleans("parity_assumed"),
    tables.instants("usage_until", nullable=True),
    tables.days("costs_until", nullable=True),
    tables.instants("as_of"),
    tables.key("period", "basis"),
    tables.check("basis", "basis IN ('invoiced', 'accrued')"),
    tables.check("revenue", "(revenue_state = 'unknown') = (revenue_cents IS NULL)"),
    tables.check("cogs", "(cogs_state = 'unknown') = (cogs_cents IS NULL)"),
    tables.check(
        "states",
        "revenue_state IN ('final', 'provisional', 'unknown')"
        " AND cogs_state IN ('final', 'provisional', 'unknown')",
    ),
)

margin_shares = table(
    "margin_shares",
    tables.days("period"),
    tables.names("basis", "grouping"),
    tables.integers("place"),
    tables.names("attribution", "tenant_id", "deployment_id"),
    tables.cents("revenue_cents", "cogs_cents", nullable=True),
    tables.key("period", "basis", "grouping", "place"),
    tables.check("grouping", "grouping IN ('tenant', 'deployment')"),
    tables.check("attribution", "attribution IN ('tenant', 'internal', 'unattributed')"),
    tables.index(
        "tenant", "tenant_id", "basis", "grouping", "period", "place", where="tenant_id <> ''"
    ),
    tables.index(
        "deployment", "deployment_id", "basis", "grouping", "period", where="deployment_id <> ''"
    ),
)

margin_kinds = table(
    "margin_kinds",
    tables.days("period"),
    tables.names("basis", "axis", "kind"),
    tables.cents("amount_cents"),
    tables.key("period", "basis", "axis", "kind"),
    tables.check("axis", "axis IN ('revenue', 'cogs')"),
)

reconciliations = table(
    "reconciliations",
    tables.days("period"),
    tables.cents("agreed_count", "difference_count"),
    tables.instants("computed_at"),
    tables.key("period"),
)

reconciliation_differences = table(
    "reconciliation_differences",
    tables.days("period"),
    tables.integers("place"),
    tables.names("difference_type"),
    tables.uuids("resource_id", nullable=True),
    tables.names("kind", "name", "tenant_id", "deployment_id"),
    tables.numbers(
        "inventory_hours", "provider_hours", "billed_hours", "provider_amount_usd", nullable=True
    ),
    tables.names("explanation"),
    tables.key("period", "place"),
    tables.check(
        "type",
        "difference_type IN ('ours_only', 'provider_only', 'amount', 'timing', 'begin_unknown')",
    ),
)
