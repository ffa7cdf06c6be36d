"""The tables of exchange rates, attributed costs, accruals and margins."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.analytics.tables import metadata
from services.common.db.columns import identifier, instant, names, number
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


def _found_by() -> list[Column[object]]:
    """The generation, month and page of a row."""
    return [
        Column("period", Date, nullable=False),
        Column("pass_id", BigInteger, nullable=False),
        *names("page"),
    ]


def _cents(*names: str, nullable: bool = False) -> list[Column[object]]:
    return [Column(name, BigInteger, nullable=nullable) for name in names]


exchange_rates = Table(
    "exchange_rates",
    metadata,
    identifier(),
    *names("from_currency", "to_currency"),
    number("rate"),
    *effective_dates(),
    Column("source", Text, nullable=False, server_default=""),
    *names("created_by"),
    instant("created_at"),
    PrimaryKeyConstraint("id", name="exchange_rates_pkey"),
    CheckConstraint("rate > 0", name="exchange_rates_rate_check"),
    CheckConstraint("from_currency <> to_currency", name="exchange_rates_currencies_check"),
    CheckConstraint("effective_to > effective_from", name="exchange_rates_span_check"),
    never_overlapping("exchange_rates_no_overlap", "from_currency", "to_currency"),
)

resource_spans = Table(
    "resource_spans",
    metadata,
    *_found_by(),
    Column("resource_id", Uuid, nullable=False),
    *names("kind", "name", "tenant_id", "deployment_id"),
    instant("span_from"),
    instant("span_to"),
    number("size_gb", nullable=True),
    PrimaryKeyConstraint(
        "period", "pass_id", "resource_id", "span_from", name="resource_spans_pkey"
    ),
    CheckConstraint("span_to > span_from", name="resource_spans_span_check"),
    postgresql_partition_by="RANGE (period)",
)

attributed_costs = Table(
    "attributed_costs",
    metadata,
    *_found_by(),
    Column("cost_id", Uuid),
    Column("day", Date),
    *names("kind", "classification", "description"),
    Column("resource_id", Uuid),
    number("hours", nullable=True),
    instant("start_at", nullable=True),
    instant("end_at", nullable=True),
    *names("attribution", "tenant_id", "deployment_id"),
    number("amount_usd"),
    CheckConstraint(
        "attribution IN ('tenant', 'internal', 'unattributed', 'shared')",
        name="attributed_costs_attribution_check",
    ),
    CheckConstraint(
        "(attribution = 'tenant') = (tenant_id <> '')", name="attributed_costs_tenant_check"
    ),
    Index("attributed_costs_pass_idx", "period", "pass_id", "page"),
    postgresql_partition_by="RANGE (period)",
)

known_lives = Table(
    "known_lives",
    metadata,
    Column("period", Date, nullable=False),
    Column("pass_id", BigInteger, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    instant("lived_from"),
    instant("lived_to", nullable=True),
    Column("begin_unknown", Boolean, nullable=False),
    PrimaryKeyConstraint("period", "pass_id", "resource_id", name="known_lives_pkey"),
)

shared_splits = Table(
    "shared_splits",
    metadata,
    Column("period", Date, nullable=False),
    Column("pass_id", BigInteger, nullable=False),
    *names("kind", "split_key", "remark"),
    Column("unkeyed_owners", Integer, nullable=False),
    number("amount_usd"),
    PrimaryKeyConstraint("period", "pass_id", "kind", name="shared_splits_pkey"),
    CheckConstraint(
        "split_key IN ('stored_gb_months', 'bucket_time', 'outbound_bytes', 'droplet_time',"
        " 'none')",
        name="shared_splits_key_check",
    ),
)

accruals = Table(
    "accruals",
    metadata,
    *_found_by(),
    *names("subscription_id", "deployment_id", "tenant_id"),
    *_cents("accrued_cents", "recurring_cents", "overage_cents", "ad_hoc_cents"),
    Column("kind_cents", JSONB, nullable=False),
    *names("currency", "inputs_json", "inputs_hash", "engine_version", "result_hash"),
    PrimaryKeyConstraint("period", "pass_id", "subscription_id", name="accruals_pkey"),
    CheckConstraint(
        "accrued_cents = recurring_cents + overage_cents + ad_hoc_cents", name="accruals_sum_check"
    ),
    Index("accruals_order_idx", "pass_id", "tenant_id", "deployment_id", "subscription_id"),
)

accrual_failures = Table(
    "accrual_failures",
    metadata,
    *_found_by(),
    *names("subscription_id", "deployment_id", "tenant_id", "reason", "message"),
    PrimaryKeyConstraint("period", "pass_id", "subscription_id", name="accrual_failures_pkey"),
)

margin_months = Table(
    "margin_months",
    metadata,
    Column("period", Date, nullable=False),
    *names("basis"),
    *_cents("revenue_cents", "cogs_cents", nullable=True),
    *names("revenue_state", "cogs_state", "reporting_currency"),
    Column("exchange_rate_ids", ARRAY(Uuid), nullable=False),
    Column("parity_assumed", Boolean, nullable=False),
    instant("usage_until", nullable=True),
    Column("costs_until", Date),
    instant("as_of"),
    PrimaryKeyConstraint("period", "basis", name="margin_months_pkey"),
    CheckConstraint("basis IN ('invoiced', 'accrued')", name="margin_months_basis_check"),
    CheckConstraint(
        "(revenue_state = 'unknown') = (revenue_cents IS NULL)",
        name="margin_months_revenue_check",
    ),
    CheckConstraint(
        "(cogs_state = 'unknown') = (cogs_cents IS NULL)", name="margin_months_cogs_check"
    ),
    CheckConstraint(
        "revenue_state IN ('final', 'provisional', 'unknown')"
        " AND cogs_state IN ('final', 'provisional', 'unknown')",
        name="margin_months_states_check",
    ),
)

margin_shares = Table(
    "margin_shares",
    metadata,
    Column("period", Date, nullable=False),
    *names("basis", "grouping"),
    Column("place", Integer, nullable=False),
    *names("attribution", "tenant_id", "deployment_id"),
    *_cents("revenue_cents", "cogs_cents", nullable=True),
    PrimaryKeyConstraint("period", "basis", "grouping", "place", name="margin_shares_pkey"),
    CheckConstraint("grouping IN ('tenant', 'deployment')", name="margin_shares_grouping_check"),
    CheckConstraint(
        "attribution IN ('tenant', 'internal', 'unattributed')",
        name="margin_shares_attribution_check",
    ),
    Index(
        "margin_shares_tenant_idx",
        "tenant_id",
        "basis",
        "grouping",
        "period",
        "place",
        postgresql_where=text("tenant_id <> ''"),
    ),
    Index(
        "margin_shares_deployment_idx",
        "deployment_id",
        "basis",
        "grouping",
        "period",
        postgresql_where=text("deployment_id <> ''"),
    ),
)

margin_kinds = Table(
    "margin_kinds",
    metadata,
    Column("period", Date, nullable=False),
    *names("basis", "axis", "kind"),
    *_cents("amount_cents"),
    PrimaryKeyConstraint("period", "basis", "axis", "kind", name="margin_kinds_pkey"),
    CheckConstraint("axis IN ('revenue', 'cogs')", name="margin_kinds_axis_check"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("period", Date, nullable=False),
    *_cents("agreed_count", "difference_count"),
    instant("computed_at"),
    PrimaryKeyConstraint("period", name="reconciliations_pkey"),
)

reconciliation_differences = Table(
    "reconciliation_differences",
    metadata,
    Column("period", Date, nullable=False),
    Column("place", Integer, nullable=False),
    *names("difference_type"),
    Column("resource_id", Uuid),
    *names("kind", "name", "tenant_id", "deployment_id"),
    number("inventory_hours", nullable=True),
    number("provider_hours", nullable=True),
    number("billed_hours", nullable=True),
    number("provider_amount_usd", nullable=True),
    *names("explanation"),
    PrimaryKeyConstraint("period", "place", name="reconciliation_differences_pkey"),
    CheckConstraint(
        "difference_type IN ('ours_only', 'provider_only', 'amount', 'timing', 'begin_unknown')",
        name="reconciliation_differences_type_check",
    ),
)
