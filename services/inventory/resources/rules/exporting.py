"""The inventory as CSV: which columns it has, and how a resource reads in them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from services.common.values.csv_lines import csv_lines

__all__ = ["header", "lines_of"]

COLUMNS: Final = (
    "id",
    "provider",
    "kind",
    "provider_id",
    "name",
    "region",
    "size",
    "status",
    "project_id",
    "tenant_id",
    "deployment_id",
    "tags",
    "provider_created_at",
    "first_seen_at",
    "last_seen_at",
    "stale_strike_count",
    "deleted_at",
)
"""As a list reads a resource (`reading.BASIC`); a full export has `attrs` behind them."""


def header(*, full: bool) -> bytes:
    """The first line."""
    return csv_lines([(*COLUMNS, "attrs") if full else COLUMNS])


def lines_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """A line for each row, in the order of the columns.

    Instants are RFC 3339 in UTC, tags are parted by blanks, `attrs` are JSON; what is not
    there is empty.
    """
    return csv_lines([map(_cell, row) for row in rows])


def _cell(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return str(value)
