"""Lines of CSV after RFC 4180, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from typing import Final

__all__ = ["csv_lines"]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these is computed by a spreadsheet, not shown."""


def csv_lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as whole lines that end in CRLF, in UTF-8.

    A text that a spreadsheet would run as a formula gets an apostrophe before it. So exact
    numbers with a sign must not pass through here.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(map(_neutral, row) for row in rows)
    return buffer.getvalue().encode()


def _neutral(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
