"""Columns that several of billing's tables have: what lines say, and what we make of them."""

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
    """What a line of a bill says, in both of its forms."""
    return [
        *columns.names("product", "group_description", "description", "project_name", "category"),
        Column("hours", Numeric),
        columns.instant("start_at", nullable=True),
        columns.instant("end_at", nullable=True),
        columns.number("amount_usd"),
    ]


def judged() -> list[Column[Any]]:
    """What our rules say of a line by its words alone."""
    return [
        *columns.names("kind", "classification"),
        Column("is_overage", Boolean, nullable=False),
        *columns.names("resource_name"),
    ]


def matched() -> list[Column[Any]]:
    """Which resource a line bills, and whose it was."""
    return [
        Column("match_state", Text, nullable=False, server_default="unmatched"),
        columns.words("match_rung"),
        columns.words("match_reason"),
        Column("resource_id", Uuid),
        Column("tenant_id", Text),
        Column("deployment_id", Text),
        Column("project_id", Uuid),
    ]
