"""The table of stored quotes; the migration has the details."""

from sqlalchemy import Column, LargeBinary

from services.catalog.tables import table
from services.common.db.tables import days, instants, key, names, uuids

__all__ = ["quotes"]

quotes = table(
    "quotes",
    uuids("id"),
    days("quoted_on"),
    names("tenant_id", "requested_by"),
    uuids("subscription_id", nullable=True),
    names("inputs_json", "inputs_hash", "engine_version", "result_hash"),
    Column("answer", LargeBinary, nullable=False),
    instants("created_at"),
    key("id", "quoted_on"),
    partitioned_by="quoted_on",
)
