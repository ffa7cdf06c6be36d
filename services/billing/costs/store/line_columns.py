"""Columns shared by several tables of billing: the text of lines, and their classification."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Numeric,
    Text,
    Uuid,
)

from services.common.db import columns

__all__ = ["as_billed", "judged", "matched"]


def as_billed() -> list[Column[Any]]:
    """The columns of a bill's line, common to the CSV and JSON forms."""
    return [
        *columns.names("product", "group_description", "description", "project_name", "category"),
        Column("hours", Numeric),
        columns.instant("start_at", nullable=True),
        columns.instant("end_at", nullable=True),
        columns.number("amount_usd"),
    ]


def judged() -> list[Column[Any]]:
    """The classification of a line by its text."""
    return [
        *columns.names("kind", "classification"),
        Column("is_overage", Boolean, nullable=False),
        *columns.names("resource_name"),
    ]


def matched() -> list[Column[Any]]:
    """The matched resource of a line and its owner."""
    return [
        Column("match_state", Text, nullable=False, server_default="unmatched"),
        columns.words("match_rung"),
        columns.words("match_reason"),
        Column("resource_id", Uuid),
        Column("tenant_id", Text),
        Column("deployment_id", Text),
        Column("project_id", Uuid),
    ]
