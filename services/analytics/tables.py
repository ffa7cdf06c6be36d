"""What the tables of the analytics service share. Each part declares its own tables.

The migrations create them, with what these definitions cannot express: row-level security,
privileges and partitions.
"""

from functools import partial
from typing import Final

from services.common.audit.tables import audit_tables_in
from services.common.db.idempotency import keys_in
from services.common.db.tables import declare, metadata_of_service

__all__ = ["metadata", "table"]

metadata = metadata_of_service()
table: Final = partial(declare, metadata)

keys_in(metadata)
audit_tables_in(metadata)
