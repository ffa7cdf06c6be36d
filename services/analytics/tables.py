"""What the tables of the analytics service share. Each part declares its own tables.

The migrations create them, with what these definitions cannot express: row-level security,
privileges and partitions.
"""

from sqlalchemy import MetaData

from services.common.audit.tables import audit_tables_in
from services.common.db.idempotency import keys_in

__all__ = ["idempotency_keys", "metadata"]

metadata = MetaData()

idempotency_keys = keys_in(metadata)
audit_tables_in(metadata)
