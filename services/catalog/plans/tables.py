"""The tables of plans, addons and unit prices.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, and the triggers that protect published versions and histories.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog import tables as columns
from services.catalog.tables import metadata
from services.common.audit.tables import audit_tables_in
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.idempotency import keys_in

__all__ = [
    "addons",
    "idempotency_keys",
    "metadata",
    "plan_items",
    "plan_versions",
    "plans",
    "resource_prices",
]

plans = Table(
    "plans",
    metadata,
    columns.identifier(),
    columns.name("code"),
    columns.name("name"),
    columns.instant("created_at"),
    PrimaryKeyConstraint("id", name="plans_pkey"),
    UniqueConstraint("code", name="plans_code_key"),
)

plan_versions = Table(
    "plan_versions",
    metadata,
    columns.identifier(),
    *columns.of("plan_versions", "plan_id", "plans"),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="draft"),
    columns.cents("price_cents"),
    columns.name("currency"),
    columns.instant("created_at"),
    columns.instant("published_at", nullable=True),
    columns.instant("retired_at", nullable=True),
    PrimaryKeyConstraint("id", name="plan_versions_pkey"),
    UniqueConstraint("plan_id", "version", name="plan_versions_version_key"),
    Index(
        "plan_versions_one_active",
        "plan_id",
        unique=True,
        postgresql_where=text("status = 'active'"),
    ),
)

plan_items = Table(
    "plan_items",
    metadata,
    *columns.of("plan_items", "plan_version_id", "plan_versions"),
    Column("position", SmallInteger, nullable=False),
    columns.name("resource_kind"),
    columns.number("included_qty"),
    columns.name("overage_unit"),
    columns.number("overage_price_cents"),
    columns.number("hard_cap_qty", nullable=True),
    Column("pricing_model", Text, nullable=False, server_default="allowance"),
    Column("tier_up_to_qtys", ARRAY(Numeric), nullable=False, server_default="{}"),
    Column("tier_price_cents", ARRAY(Numeric), nullable=False, server_default="{}"),
    columns.number("package_qty", nullable=True),
    Column("amount_cents", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("plan_version_id", "resource_kind", name="plan_items_pkey"),
)

addons = Table(
    "addons",
    metadata,
    columns.identifier(),
    columns.name("code"),
    columns.name("resource_kind"),
    columns.number("qty"),
    columns.cents("price_cents"),
    columns.name("currency"),
    columns.instant("created_at"),
    columns.instant("updated_at"),
    PrimaryKeyConstraint("id", name="addons_pkey"),
    UniqueConstraint("code", name="addons_code_key"),
)

resource_prices = Table(
    "resource_prices",
    metadata,
    columns.identifier(),
    columns.name("resource_kind"),
    columns.name("unit"),
    columns.number("unit_price_cents"),
    columns.name("currency"),
    *effective_dates(),
    columns.instant("created_at"),
    PrimaryKeyConstraint("id", name="resource_prices_pkey"),
    never_overlapping("resource_prices_no_overlap", "resource_kind", "currency"),
)

idempotency_keys = keys_in(metadata)
audit_tables_in(metadata)
