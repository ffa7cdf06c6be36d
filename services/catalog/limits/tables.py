"""The tables of limits: settings, and daily counts."""

from sqlalchemy import text

from services.catalog.tables import table
from services.common.db.tables import (
    check,
    counts,
    days,
    index,
    instants,
    key,
    names,
    serial,
    words,
)

__all__ = ["quote_counts", "tenant_limits"]

tenant_limits = table(
    "tenant_limits",
    serial(),
    names("tenant_id", "name"),
    counts("value", nullable=True),
    days("ends_on", nullable=True),
    names("set_by"),
    words("reason"),
    instants("set_at"),
    key("id"),
    check("value", "value >= 0"),
    index("tenant", "tenant_id", "name", text("id DESC")),
)

quote_counts = table(
    "quote_counts",
    names("tenant_id"),
    days("day"),
    counts("made"),
    key("tenant_id", "day"),
)
