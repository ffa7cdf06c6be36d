"""The tables of list prices: prices by day, and their changes."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog.tables import table
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.tables import (
    check,
    days,
    identifier,
    instants,
    key,
    names,
    numbers,
    reference,
)

__all__ = ["list_price_changes", "list_prices"]

list_prices = table(
    "list_prices",
    identifier(),
    names("provider", "meter", "dimensions"),
    numbers("usd", "per_qty"),
    names("source"),
    effective_dates(),
    names("recorded_by"),
    instants("created_at"),
    key("id"),
    check("meter", "meter ~ '^[a-z][a-z0-9_]{0,62}$'"),
    check("usd", "usd >= 0"),
    check("per_qty", "per_qty > 0"),
    check("source", "source IN ('api', 'declared')"),
    check("span", "effective_to > effective_from"),
    never_overlapping("list_prices_no_overlap", "provider", "meter", "dimensions"),
)
"""`dimensions` is canonical JSON, so that equal dimensions are equal texts."""

list_price_changes = table(
    "list_price_changes",
    identifier(),
    reference("before_id", "list_prices"),
    reference("after_id", "list_prices"),
    days("effective_on"),
    names("changed_by"),
    instants("changed_at"),
    Column("margin_effects", JSONB, nullable=False),
    key("id"),
)
