"""Columns shared by tables of the catalog service.

The migrations create the tables, with what these definitions cannot express: row-level security,
privileges, and triggers that make published versions and histories immutable.
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
