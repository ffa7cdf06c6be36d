"""The tables of limits: settings, and daily counts."""

from sqlalchemy import text

from services.catalog.tables import table
from services.common.db import tables

__all__ = ["quote_counts", "tenant_limits"]

tenant_limits = table(
    "tenant_limits",
    tables.serial(),
    tables.names("tenant_id", "name"),
    tables.counts("value", nullable=True),
    tables.days("ends_on", nullable=True),
    tables.names("set_by"),
    tables.words("reason"),
    tables.instants("set_at"),
    tables.key("id"),
    tables.check("value", "value >= 0"),
    tables.index("tenant", "tenant_id", "name", text("id DESC")),
)

quote_counts = table(
    "quote_counts",
    tables.names("tenant_id"),
    tables.days("day"),
    tables.counts("made"),
    tables.key("tenant_id", "day"),
)
