"""The table of stored quotes; the migration has the details."""

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from services.catalog.plans.tables import metadata

__all__ = ["quotes"]

quotes = Table(
    "quotes",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("quoted_on", Date, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("subscription_id", Uuid),
    Column("inputs_json", Text, nullable=False),
    Column("inputs_hash", Text, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("result_hash", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("id", "quoted_on", name="quotes_pkey"),
    postgresql_partition_by="RANGE (quoted_on)",
)
