"""The tables of limits: settings, and daily counts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from services.catalog import tables as columns
from services.catalog.tables import metadata

__all__ = ["quote_counts", "tenant_limits"]

tenant_limits = Table(
    "tenant_limits",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    columns.name("tenant_id"),
    columns.name("name"),
    Column("value", BigInteger),
    columns.day("ends_on", nullable=True),
    columns.name("set_by"),
    columns.words("reason"),
    columns.instant("set_at"),
    PrimaryKeyConstraint("id", name="tenant_limits_pkey"),
    CheckConstraint("value >= 0", name="tenant_limits_value_check"),
    Index("tenant_limits_tenant_idx", "tenant_id", "name", text("id DESC")),
)

quote_counts = Table(
    "quote_counts",
    metadata,
    Column("tenant_id", Text, nullable=False),
    columns.day("day"),
    Column("made", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "day", name="quote_counts_pkey"),
)
