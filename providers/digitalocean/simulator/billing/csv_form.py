"""An invoice as a file: the columns and forms of the documented example."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from providers.digitalocean.simulator.billing.lines import Line
from providers.digitalocean.simulator.billing.spellings import Spelling

__all__ = ["HEADER", "csv_pieces", "csv_time"]

HEADER: Final = (
    "product",
    "group_description",
    "description",
    "hours",
    "start",
    "end",
    "USD",
    "project_name",
    "category",
)
LINES_A_PIECE: Final = 1_000


def csv_pieces(
    lines: Iterable[Line], spellings: Collection[Spelling] = frozenset()
) -> Iterator[bytes]:
    """The file, in pieces of whole lines; the first has the header."""
    remaining = iter(lines)
    columns = len(HEADER) - (Spelling.NO_CATEGORY in spellings)
    zone = " UTC" if Spelling.UTC_SUFFIX in spellings else ""
    rows: list[tuple[object, ...]] = [HEADER]
    while rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(row[:columns] for row in rows)
        yield text.getvalue().encode()
        rows = [_row(line, zone) for line in islice(remaining, LINES_A_PIECE)]


def csv_time(instant: datetime) -> str:
    """As in `2020-07-01 00:00:00 +0000`."""
    return f"{instant:%Y-%m-%d %H:%M:%S} +0000"


def _row(line: Line, zone: str) -> tuple[object, ...]:
    return (
        line.product,
        line.group_description,
        line.description,
        "" if line.hours is None else f"{line.hours:f}",
        f"{csv_time(line.start)}{zone}",
        f"{csv_time(line.end)}{zone}",
        _dollars(line.amount),
        line.project_name,
        line.category,
    )


def _dollars(amount: Decimal) -> str:
    return f"-${-amount:,f}" if amount < 0 else f"${amount:,f}"
