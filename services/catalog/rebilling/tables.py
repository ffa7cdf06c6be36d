"""The table of rebilling rules."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog.tables import table
from services.common.db import tables
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = ["rebilling_rules"]

rebilling_rules = table(
    "rebilling_rules",
    tables.identifier(),
    tables.names("code", "basis"),
    Column("match", JSONB, nullable=False),
    tables.numbers("percent", "fixed_cents", "step_cents", "floor_cents"),
    tables.names("currency"),
    tables.booleans("takes_all"),
    tables.names("late_bill", nullable=True),
    effective_dates(),
    tables.names("created_by"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.check("basis", "basis IN ('list', 'bill')"),
    tables.check("late_bill", "late_bill IN ('wait', 'next_month')"),
    tables.check("percent", "percent >= 0"),
    tables.check("cents", "fixed_cents >= 0 AND step_cents >= 0 AND floor_cents >= 0"),
    tables.check("span", "effective_to > effective_from"),
    never_overlapping("rebilling_rules_no_overlap", "code"),
)
"""Rows of one code follow each other in time."""
