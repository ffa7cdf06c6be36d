"""The tables of exchange rates, attributed costs, accruals and margins."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import SchemaItem

from services.analytics.tables import table
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.tables import (
    booleans,
    cents,
    check,
    counts,
    days,
    identifier,
    index,
    instants,
    integers,
    key,
    names,
    numbers,
    uuids,
    words,
)

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
    return [*days("period"), *counts("pass_id"), *names("page")]


exchange_rates = table(
    "exchange_rates",
    identifier(),
    names("from_currency", "to_currency"),
    numbers("rate"),
    effective_dates(),
    words("source"),
    names("created_by"),
    instants("created_at"),
    key("id"),
    check("rate", "rate > 0"),
    check("currencies", "from_currency <> to_currency"),
    check("span", "effective_to > effective_from"),
    never_overlapping("exchange_rates_no_overlap", "from_currency", "to_currency"),
)

resource_spans = table(
    "resource_spans",
    _found_by(),
    uuids("resource_id"),
    names("kind", "name", "tenant_id", "deployment_id"),
    instants("span_from", "span_to"),
    numbers("size_gb", nullable=True),
    key("period", "pass_id", "resource_id", "span_from"),
    check("span", "span_to > span_from"),
    partitioned_by="period",
)

attributed_costs = table(
    "attributed_costs",
    _found_by(),
    uuids("cost_id", nullable=True),
    days("day", nullable=True),
    names("kind", "classification", "description"),
    uuids("resource_id", nullable=True),
    numbers("hours", nullable=True),
    instants("start_at", "end_at", nullable=True),
    names("attribution", "tenant_id", "deployment_id"),
    numbers("amount_usd"),
    check("attribution", "attribution IN ('tenant', 'internal', 'unattributed', 'shared')"),
    check("tenant", "(attribution = 'tenant') = (tenant_id <> '')"),
    index("pass", "period", "pass_id", "page"),
    partitioned_by="period",
)

known_lives = table(
    "known_lives",
    days("period"),
    counts("pass_id"),
    uuids("resource_id"),
    instants("lived_from"),
    instants("lived_to", nullable=True),
    booleans("begin_unknown"),
    key("period", "pass_id", "resource_id"),
)

shared_splits = table(
    "shared_splits",
    days("period"),
    counts("pass_id"),
    names("kind", "split_key", "remark"),
    integers("unkeyed_owners"),
    numbers("amount_usd"),
    key("period", "pass_id", "kind"),
    check(
        "key",
        "split_key IN ('stored_gb_months', 'bucket_time', 'outbound_bytes', 'droplet_time',"
        " 'none')",
    ),
)

accruals = table(
    "accruals",
    _found_by(),
    names("subscription_id", "deployment_id", "tenant_id"),
    cents("accrued_cents", "recurring_cents", "overage_cents", "ad_hoc_cents"),
    Column("rebilled_cents", BigInteger, nullable=False, server_default=text("0")),
    Column("kind_cents", JSONB, nullable=False),
    names("currency", "inputs_json", "inputs_hash", "engine_version", "result_hash"),
    key("period", "pass_id", "subscription_id"),
    check("sum", "accrued_cents = recurring_cents + overage_cents + ad_hoc_cents + rebilled_cents"),
    index("order", "pass_id", "tenant_id", "deployment_id", "subscription_id"),
)

accrual_failures = table(
    "accrual_failures",
    _found_by(),
    names("subscription_id", "deployment_id", "tenant_id", "reason", "message"),
    key("period", "pass_id", "subscription_id"),
)

margin_months = table(
    "margin_months",
    days("period"),
    names("basis"),
    cents("revenue_cents", "cogs_cents", nullable=True),
    names("revenue_state", "cogs_state", "reporting_currency"),
    Column("exchange_rate_ids", ARRAY(Uuid), nullable=False),
    booleans("parity_assumed"),
    instants("usage_until", nullable=True),
    days("costs_until", nullable=True),
    instants("as_of"),
    key("period", "basis"),
    check("basis", "basis IN ('invoiced', 'accrued')"),
    check("revenue", "(revenue_state = 'unknown') = (revenue_cents IS NULL)"),
    check("cogs", "(cogs_state = 'unknown') = (cogs_cents IS NULL)"),
    check(
        "states",
        "revenue_state IN ('final', 'provisional', 'unknown')"
        " AND cogs_state IN ('final', 'provisional', 'unknown')",
    ),
)

margin_shares = table(
    "margin_shares",
    days("period"),
    names("basis", "grouping"),
    integers("place"),
    names("attribution", "tenant_id", "deployment_id"),
    cents("revenue_cents", "cogs_cents", nullable=True),
    key("period", "basis", "grouping", "place"),
    check("grouping", "grouping IN ('tenant', 'deployment')"),
    check("attribution", "attribution IN ('tenant', 'internal', 'unattributed')"),
    index("tenant", "tenant_id", "basis", "grouping", "period", "place", where="tenant_id <> ''"),
    index(
        "deployment", "deployment_id", "basis", "grouping", "period", where="deployment_id <> ''"
    ),
)

margin_kinds = table(
    "margin_kinds",
    days("period"),
    names("basis", "axis", "kind"),
    cents("amount_cents"),
    key("period", "basis", "axis", "kind"),
    check("axis", "axis IN ('revenue', 'cogs')"),
)

reconciliations = table(
    "reconciliations",
    days("period"),
    cents("agreed_count", "difference_count"),
    instants("computed_at"),
    key("period"),
)

reconciliation_differences = table(
    "reconciliation_differences",
    days("period"),
    integers("place"),
    names("difference_type"),
    uuids("resource_id", nullable=True),
    names("kind", "name", "tenant_id", "deployment_id"),
    numbers(
        "inventory_hours", "provider_hours", "billed_hours", "provider_amount_usd", nullable=True
    ),
    names("explanation"),
    key("period", "place"),
    check(
        "type",
        "difference_type IN ('ours_only', 'provider_only', 'amount', 'timing', 'begin_unknown')",
    ),
)
