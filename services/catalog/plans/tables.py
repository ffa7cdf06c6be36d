"""The tables of plans, addons and unit prices.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, and the triggers that protect published versions and histories.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import conv

from services.catalog.tables import table
from services.common.db import tables
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = ["addons", "plan_items", "plan_versions", "plans", "resource_prices"]


def _match() -> Column[Any]:
    """The usage that a row is for: an object with the sorted values of each dimension."""
    return Column("match", JSONB, nullable=False, server_default=text("'{}'"))


plans = table(
    "plans",
    tables.identifier(),
    tables.names("code", "name"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.unique("code"),
)

plan_versions = table(
    "plan_versions",
    tables.identifier(),
    tables.reference("plan_id", "plans", name="plan_id"),
    tables.integers("version"),
    tables.names("status", default="draft"),
    tables.cents("price_cents"),
    tables.names("currency"),
    tables.instants("created_at"),
    tables.instants("published_at", "retired_at", nullable=True),
    tables.key("id"),
    tables.unique("plan_id", "version"),
    Index(
        conv("plan_versions_one_active"),
        "plan_id",
        unique=True,
        postgresql_where=text("status = 'active'"),
    ),
)

plan_items = table(
    "plan_items",
    tables.reference("plan_version_id", "plan_versions", name="plan_version_id"),
    Column("position", SmallInteger, nullable=False),
    tables.names("resource_kind"),
    tables.numbers("included_qty"),
    tables.names("overage_unit"),
    tables.numbers("overage_price_cents"),
    tables.numbers("hard_cap_qty", nullable=True),
    tables.names("pricing_model", default="allowance"),
    Column("tier_up_to_qtys", ARRAY(Numeric), nullable=False, server_default="{}"),
    Column("tier_price_cents", ARRAY(Numeric), nullable=False, server_default="{}"),
    tables.numbers("package_qty", nullable=True),
    Column("amount_cents", BigInteger, nullable=False, server_default=text("0")),
    _match(),
    tables.key("plan_version_id", "resource_kind", "match"),
)

addons = table(
    "addons",
    tables.identifier(),
    tables.names("code", "resource_kind"),
    tables.numbers("qty"),
    tables.cents("price_cents"),
    tables.names("currency"),
    tables.instants("created_at", "updated_at"),
    tables.key("id"),
    tables.unique("code"),
)

resource_prices = table(
    "resource_prices",
    tables.identifier(),
    tables.names("resource_kind", "unit"),
    tables.numbers("unit_price_cents"),
    tables.names("currency"),
    effective_dates(),
    tables.instants("created_at"),
    _match(),
    tables.key("id"),
    never_overlapping(
        "resource_prices_no_overlap", "resource_kind", "currency", text("(match::text)")
    ),
)
