"""The table of rebilling rules."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog.tables import table
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.tables import (
    booleans,
    check,
    identifier,
    instants,
    key,
    names,
    numbers,
)

__all__ = ["rebilling_rules"]

rebilling_rules = table(
    "rebilling_rules",
    identifier(),
    names("code", "basis"),
    Column("match", JSONB, nullable=False),
    numbers("percent", "fixed_cents", "step_cents", "floor_cents"),
    names("currency"),
    booleans("takes_all"),
    effective_dates(),
    names("created_by"),
    instants("created_at"),
    key("id"),
    check("basis", "basis IN ('list', 'bill')"),
    check("percent", "percent >= 0"),
    check("cents", "fixed_cents >= 0 AND step_cents >= 0 AND floor_cents >= 0"),
    check("span", "effective_to > effective_from"),
    never_overlapping("rebilling_rules_no_overlap", "code"),
)
"""Rows of one code follow each other in time."""
