"""CSV lines by RFC 4180, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from services.common.values.money import plain

__all__ = ["csv_lines", "neutral", "pointed"]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet evaluates a cell that begins with one of these."""


def csv_lines(rows: Iterable[Iterable[object]], number: Callable[[Decimal], str] = plain) -> bytes:
    """Rows as UTF-8 lines that end in CRLF.

    None is empty, a decimal is written by `number`, a time in RFC 3339 in UTC. A text that a
    spreadsheet would run as a formula gets a leading apostrophe, so signed numbers must not be
    passed as texts.
    """

    def cell(value: object) -> str:
        if isinstance(value, Decimal):
            return number(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return neutral("" if value is None else str(value))

    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(map(cell, row) for row in rows)
    return buffer.getvalue().encode()


def neutral(cell: str) -> str:
    """The text of a cell, which a spreadsheet does not run as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def pointed(number: Decimal) -> str:
    """Whole numbers get a decimal point too, so that readers infer a decimal column."""
    text = plain(number)
    return text if "." in text else f"{text}.0"
