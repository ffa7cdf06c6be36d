"""The inventory as CSV: which columns it has, and how a resource reads in them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from services.common.values.csv_lines import csv_lines
from services.inventory.resources.rules.resources import Resource

__all__ = ["header", "lines_of"]


def header(*, full: bool) -> bytes:
    """The first line."""
    return csv_lines([Resource._fields if full else Resource._fields[:-1]])


def lines_of(resources: Iterable[Resource], *, full: bool) -> bytes:
    """A line for each resource, in the order of the header.

    Instants are RFC 3339 in UTC, tags are parted by blanks, `attrs` are JSON; what is not
    there is empty.
    """
    count = len(Resource._fields) - (not full)
    return csv_lines([map(_cell, islice(resource, count)) for resource in resources])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return str(value)
