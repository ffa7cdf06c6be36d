"""The tables of the catalog service: what they share.

The migrations make them, with what these definitions cannot say: row-level security,
rights, the triggers that keep published versions and histories as they are.
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
