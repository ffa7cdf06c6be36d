"""CSV lines by RFC 4180, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from typing import Final

__all__ = ["csv_lines", "neutral"]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet evaluates a cell that begins with one of these."""


def csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as UTF-8 lines that end in CRLF.

    A text that a spreadsheet would run as a formula gets a leading apostrophe, so signed numbers
    must not be passed as texts.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(map(neutral, row) for row in rows)
    return buffer.getvalue().encode()


def neutral(cell: str) -> str:
    """The text of a cell, which a spreadsheet does not run as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
