"""The tables of list prices: prices by day, and their changes."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog.tables import table
from services.common.db import tables
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = ["list_price_changes", "list_prices"]

list_prices = table(
    "list_prices",
    tables.identifier(),
    tables.names("provider", "meter", "dimensions"),
    tables.numbers("usd", "per_qty"),
    tables.names("source"),
    effective_dates(),
    tables.names("recorded_by"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.check("meter", "meter ~ '^[a-z][a-z0-9_]{0,62}$'"),
    tables.check("usd", "usd >= 0"),
    tables.check("per_qty", "per_qty > 0"),
    tables.check("source", "source IN ('api', 'declared')"),
    tables.check("span", "effective_to > effective_from"),
    never_overlapping("list_prices_no_overlap", "provider", "meter", "dimensions"),
)
"""`dimensions` is canonical JSON, so that equal dimensions are equal texts."""

list_price_changes = table(
    "list_price_changes",
    tables.identifier(),
    tables.reference("before_id", "list_prices"),
    tables.reference("after_id", "list_prices"),
    tables.days("effective_on"),
    tables.names("changed_by"),
    tables.instants("changed_at"),
    Column("margin_effects", JSONB, nullable=False),
    tables.key("id"),
)
