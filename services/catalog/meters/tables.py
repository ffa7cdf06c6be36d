"""The tables of event meters and of what their units cost."""

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from services.catalog.tables import table
from services.common.db import tables
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = ["meter_costs", "meters"]

meters = table(
    "meters",
    tables.names("code", "name"),
    Column("units", JSONB, nullable=False),
    tables.names("aggregation", "basis"),
    tables.lists("dimensions"),
    tables.names("created_by"),
    tables.instants("created_at"),
    tables.instants("retired_at", nullable=True),
    tables.key("code"),
    tables.check("code", "code ~ '^[a-z][a-z0-9_]{0,62}$'"),
    tables.check("units", "jsonb_typeof(units) = 'object'"),
    tables.one_of("aggregation", ("sum", "time_weighted", "max", "latest", "unique")),
    tables.check(
        "basis",
        "CASE aggregation WHEN 'time_weighted' THEN basis IN ('hours', 'months')"
        " ELSE basis = 'events' END",
    ),
)
"""`units` is an object of factors by unit; the base unit has the factor 1."""

meter_costs = table(
    "meter_costs",
    tables.identifier(),
    tables.names("meter_code", "unit"),
    tables.numbers("unit_cost_cents"),
    tables.names("currency"),
    effective_dates(),
    tables.names("created_by"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.check("cents", "unit_cost_cents >= 0"),
    tables.check("span", "effective_to > effective_from"),
    never_overlapping("meter_costs_no_overlap", "meter_code"),
)
"""Rows of one meter follow each other in time."""
