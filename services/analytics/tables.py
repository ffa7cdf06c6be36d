"""The tables of the analytics service: what they share. Each part has its own models.

The migrations make them, with what these definitions cannot say: row-level security,
rights and partitions.
"""

from sqlalchemy import MetaData

from services.common.db.idempotency import keys_in

__all__ = ["idempotency_keys", "metadata"]

metadata = MetaData()

idempotency_keys = keys_in(metadata)
