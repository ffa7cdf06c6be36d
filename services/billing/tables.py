"""Columns shared by tables of the billing service: the text of lines, and their classification.

The migrations create the tables, with what these definitions cannot express: row-level security,
privileges and partitions.
"""

from functools import partial
from typing import Final

from services.common.audit.tables import audit_tables_in
from services.common.db.idempotency import keys_in
from services.common.db.tables import (
    Items,
    booleans,
    declare,
    instants,
    metadata_of_service,
    names,
    numbers,
    uuids,
    words,
)

__all__ = ["as_billed", "classified", "matched", "metadata", "table"]

metadata = metadata_of_service()
table: Final = partial(declare, metadata)

keys_in(metadata)
audit_tables_in(metadata)


def as_billed() -> Items:
    """The columns of a bill's line, common to the CSV and JSON forms."""
    return [
        *names("product", "group_description", "description", "project_name", "category"),
        *numbers("hours", nullable=True),
        *instants("start_at", "end_at", nullable=True),
        *numbers("amount_usd"),
    ]


def classified() -> Items:
    """The classification of a line by its text."""
    return [*names("kind", "classification"), *booleans("is_overage"), *names("resource_name")]


def matched() -> Items:
    """The matched resource of a line and its owner."""
    return [
        *names("match_state", default="unmatched"),
        *words("match_rung", "match_reason"),
        *uuids("resource_id", nullable=True),
        *names("tenant_id", "deployment_id", nullable=True),
        *uuids("project_id", nullable=True),
    ]
