"""The tables of the analytics service: what they share. Each part has its own models.

The migrations make them, with what these definitions cannot say: row-level security,
rights and partitions.
"""

from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
)

__all__ = ["exact", "idempotency_keys", "identity", "instant", "metadata", "texts"]

metadata = MetaData()


def identity() -> Column[Any]:
    """Ours, and ascending with time."""
    return Column("id", Uuid, nullable=False, server_default=func.uuidv7())


def texts(*names: str) -> list[Column[Any]]:
    """Texts that are empty, not null, where there is none."""
    return [Column(name, Text, nullable=False) for name in names]


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """A moment, in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def exact(name: str, *, nullable: bool = False) -> Column[Any]:
    """An exact decimal."""
    return Column(name, Numeric, nullable=nullable)


idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    *texts("caller", "key"),
    Column("tenant_id", Text),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("caller", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_created_at_idx", "created_at"),
)
