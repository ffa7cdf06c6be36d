"""The tables of plans, addons and unit prices.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, and the triggers that protect published versions and histories.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import conv

from services.catalog.tables import table
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.tables import (
    cents,
    identifier,
    instants,
    integers,
    key,
    names,
    numbers,
    reference,
    unique,
)

__all__ = ["addons", "plan_items", "plan_versions", "plans", "resource_prices"]


def _match() -> Column[Any]:
    """The usage that a row is for: an object with the sorted values of each dimension."""
    return Column("match", JSONB, nullable=False, server_default=text("'{}'"))


plans = table(
    "plans",
    identifier(),
    names("code", "name"),
    instants("created_at"),
    key("id"),
    unique("code"),
)

plan_versions = table(
    "plan_versions",
    identifier(),
    reference("plan_id", "plans", name="plan_id"),
    integers("version"),
    names("status", default="draft"),
    cents("price_cents"),
    names("currency"),
    instants("created_at"),
    instants("published_at", "retired_at", nullable=True),
    key("id"),
    unique("plan_id", "version"),
    Index(
        conv("plan_versions_one_active"),
        "plan_id",
        unique=True,
        postgresql_where=text("status = 'active'"),
    ),
)

plan_items = table(
    "plan_items",
    reference("plan_version_id", "plan_versions", name="plan_version_id"),
    Column("position", SmallInteger, nullable=False),
    names("resource_kind"),
    numbers("included_qty"),
    names("overage_unit"),
    numbers("overage_price_cents"),
    numbers("hard_cap_qty", nullable=True),
    names("pricing_model", default="allowance"),
    Column("tier_up_to_qtys", ARRAY(Numeric), nullable=False, server_default="{}"),
    Column("tier_price_cents", ARRAY(Numeric), nullable=False, server_default="{}"),
    numbers("package_qty", nullable=True),
    Column("amount_cents", BigInteger, nullable=False, server_default=text("0")),
    _match(),
    key("plan_version_id", "resource_kind", "match"),
)

addons = table(
    "addons",
    identifier(),
    names("code", "resource_kind"),
    numbers("qty"),
    cents("price_cents"),
    names("currency"),
    instants("created_at", "updated_at"),
    key("id"),
    unique("code"),
)

resource_prices = table(
    "resource_prices",
    identifier(),
    names("resource_kind", "unit"),
    numbers("unit_price_cents"),
    names("currency"),
    effective_dates(),
    instants("created_at"),
    _match(),
    key("id"),
    never_overlapping(
        "resource_prices_no_overlap", "resource_kind", "currency", text("(match::text)")
    ),
)
