"""A streaming parser of the CSV form of an invoice: chunks of bytes in, rows out.

It frames records outside of quotes, so chunks may be cut anywhere and at most one chunk and one
record are in memory; then Python's csv module parses them. Columns are found by their names in the
header; `category` may be missing. The first malformed row ends parsing with an error that names
row, column and reason; rows are numbered from 1 after the header.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from services.billing.ingest.rules import billed_values
from services.billing.ingest.rules.billed_values import BadValue

__all__ = ["MAX_NAME_LENGTH", "MAX_RECORD_LENGTH", "BilledRow", "InvoiceCsv", "MalformedCsv"]

MAX_RECORD_LENGTH: Final = 64 * 1024
"""Bytes of a block, and maximum bytes of a record beyond its first block.

Real records are shorter.
"""

MAX_FIELD_LENGTH: Final = 32_000
"""Maximum characters of a stored field, more than any real description."""

MAX_NAME_LENGTH: Final = 255
"""Maximum characters of indexed fields."""

MAX_COLUMNS: Final = 200

SHOWN: Final = 60
"""Characters of an invalid value quoted in an error."""

COLUMNS: Final = (
    "product",
    "group_description",
    "description",
    "hours",
    "start",
    "end",
    "usd",
    "project_name",
    "category",
)
OPTIONAL: Final = "category"
"""The column that older bills lack; then it is empty."""

TEXTS: Final = ("product", "group_description", "description", "project_name", "category")
GROUPED: Final = ("product", "project_name")
NAMES: Final[Mapping[str, str]] = {name: name for name in COLUMNS} | {"usd": "USD"}
"""The provider's column names, for errors."""

READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "hours": billed_values.read_hours,
    "start": billed_values.read_instant,
    "end": billed_values.read_instant,
    "usd": billed_values.read_amount,
}
"""The parsers of columns; other columns are text."""

BOM: Final = b"\xef\xbb\xbf"
OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")

# Fields are quoted as a whole or not at all. Possessive, so that no input causes backtracking.
_FIELD: Final = r'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)'
_RECORD: Final = rf"{_FIELD}(?:,{_FIELD})*+"
_RECORDS: Final = re.compile(rf"(?:{_RECORD}(?:\r\n|\n|\r))*+(?:{_RECORD}\Z)?+")


class MalformedCsv(ValueError):
    """The file is not the CSV form of an invoice. `row` is 0 for the header."""

    def __init__(self, row: int, column: str, reason: str) -> None:
        place = "header" if row == 0 else f"row {row}"
        super().__init__(f"{place}, column {column}: {reason}" if column else f"{place}: {reason}")
        self.row = row
        self.column = column
        self.reason = reason


class BilledRow(NamedTuple):
    """A parsed line of a bill."""

    number: int
    """From 1."""
    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    hours: Decimal | None
    start_at: datetime | None
    end_at: datetime | None
    amount_usd: Decimal


class InvoiceCsv:
    """Parses one file: feed it the chunks in order, then finish it.

    Both raise MalformedCsv, after which it must not be used.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._rest = bytearray()
        """The beginning of an incomplete record."""
        self._begun = False
        self._places: tuple[int, ...] | None = None
        self._width = 0
        self._lacks_optional = False
        self.row_count = 0
        """The number of rows parsed so far."""

    def feed(self, piece: bytes) -> list[BilledRow]:
        """The rows that are complete now; others wait for the next chunk."""
        self._waiting += piece
        rows: list[BilledRow] = []
        # In blocks of one size, so that results do not depend on the chunks.
        while len(self._waiting) >= MAX_RECORD_LENGTH:
            block = bytes(self._waiting[:MAX_RECORD_LENGTH])
            del self._waiting[:MAX_RECORD_LENGTH]
            rows += self._take(block)
        return rows

    def finish(self) -> list[BilledRow]:
        """The remaining rows; the last one may lack a line break."""
        rows = self._take(bytes(self._waiting))
        rows += self._read(bytes(self._rest))
        self._waiting.clear()
        self._rest.clear()
        if self._places is None:
            raise MalformedCsv(0, "", "the file is empty")
        return rows

    def _take(self, block: bytes) -> list[BilledRow]:
        self._rest += block
        end = _end_of_records(self._rest)
        complete = bytes(self._rest[:end])
        del self._rest[:end]
        rows = self._read(complete)
        self._refuse_endless()
        return rows

    def _refuse_endless(self) -> None:
        if len(self._rest) > MAX_RECORD_LENGTH:
            row = self.row_count + (self._places is not None)
            raise MalformedCsv(row, "", f"does not end within {MAX_RECORD_LENGTH} bytes")

    def _read(self, block: bytes) -> list[BilledRow]:
        if not self._begun and block:
            self._begun = True
            if block.startswith(OTHER_BOMS):
                raise MalformedCsv(0, "", "is UTF-16; only UTF-8 is supported")
            block = block.removeprefix(BOM)
        text = self._decoded(block)
        if '"' in text:
            self._refuse_loose_quotes(text)
        records = csv.reader(io.StringIO(text, newline=""))
        if self._places is None:
            self._take_header(records)
        return [] if self._places is None else self._rows(records, self._places)

    def _decoded(self, block: bytes) -> str:
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            row = self._row_at(block[: error.start].decode(errors="replace"))
            raise MalformedCsv(row, "", "is not UTF-8") from None
        if "\0" in text:
            raise MalformedCsv(self._row_at(text[: text.index("\0")]), "", "contains a null byte")
        return text

    def _row_at(self, before: str) -> int:
        """The row that begins in or continues after this text of the current block."""
        encoded = before.encode()
        complete = encoded[: _end_of_records(encoded)].decode()
        before_it = sum(1 for record in csv.reader(io.StringIO(complete, newline="")) if record)
        return self.row_count + before_it + (self._places is not None)

    def _refuse_loose_quotes(self, text: str) -> None:
        well_formed = _RECORDS.match(text)
        end = well_formed.end() if well_formed else 0
        if end < len(text):
            row = self._row_at(text[:end])
            raise MalformedCsv(row, "", "has a quote that does not enclose a whole field")

    def _take_header(self, records: Iterator[list[str]]) -> None:
        header = next((record for record in records if record), None)
        if header is None:
            return
        if len(header) > MAX_COLUMNS:
            raise MalformedCsv(0, "", f"has more than {MAX_COLUMNS} columns")
        names = [re.sub(r"[ _]+", "_", name.strip().lower()) for name in header]
        for name in COLUMNS:
            if names.count(name) > 1:
                raise MalformedCsv(0, NAMES[name], "is a duplicate")
        self._lacks_optional = OPTIONAL not in names
        if self._lacks_optional:
            names.append(OPTIONAL)  # after all others: the index of the added empty field
        missing = [NAMES[name] for name in COLUMNS if name not in names]
        if missing:
            begins = ",".join(header)[:SHOWN]
            raise MalformedCsv(0, missing[0], f"is missing (the file begins {begins!r})")
        self._places = tuple(names.index(name) for name in COLUMNS)
        self._width = len(header)

    def _rows(self, records: Iterator[list[str]], places: tuple[int, ...]) -> list[BilledRow]:
        rows: list[BilledRow] = []
        number = self.row_count
        for record in records:
            if len(record) != self._width:
                if not record:
                    continue
                raise self._misfit(number + 1, record)
            number += 1
            if self._lacks_optional:
                record.append("")
            rows.append(_billed(number, record, places))
        self.row_count = number
        return rows

    def _misfit(self, number: int, record: Sequence[str]) -> MalformedCsv:
        return MalformedCsv(
            number, "", f"has {len(record)} fields where the header has {self._width}"
        )


def _end_of_records(buffer: bytes | bytearray) -> int:
    """The end of the last complete record: after the last line break outside of quotes."""
    end = buffer.rfind(b"\n") + 1
    quotes = buffer.count(b'"', 0, end)
    while quotes % 2:
        previous = buffer.rfind(b"\n", 0, end - 1) + 1
        quotes -= buffer.count(b'"', previous, end)
        end = previous
    return end


def _billed(number: int, record: Sequence[str], places: Sequence[int]) -> BilledRow:
    """Parses a record. Raises MalformedCsv."""
    product, group, description, hours, start, end, usd, project, category = places
    try:
        row = BilledRow(
            number,
            record[product],
            record[group],
            record[description],
            record[project],
            record[category],
            billed_values.read_hours(record[hours]),
            billed_values.read_instant(record[start]),
            billed_values.read_instant(record[end]),
            billed_values.read_amount(record[usd]),
        )
    except BadValue:
        raise _blamed(number, record, places) from None
    if max(map(len, row[1:6])) > MAX_NAME_LENGTH:
        _refuse_too_long(row)
    if row.start_at and row.end_at and row.end_at < row.start_at:
        raise MalformedCsv(number, "end", "is before the start")
    return row


def _blamed(number: int, record: Sequence[str], places: Sequence[int]) -> MalformedCsv:
    """The error of the first invalid column."""
    readers: dict[str, Callable[[str], object]] = {
        "hours": billed_values.read_hours,
        "start": billed_values.read_instant,
        "end": billed_values.read_instant,
        "usd": billed_values.read_amount,
    }
    for name, place in zip(COLUMNS, places, strict=True):
        if name in readers:
            try:
                readers[name](record[place])
            except BadValue as error:
                return MalformedCsv(number, NAMES[name], f"{record[place][:SHOWN]!r} {error}")
    raise AssertionError("no column is invalid")


def _refuse_too_long(row: BilledRow) -> None:
    for name in TEXTS:
        most = MAX_NAME_LENGTH if name in GROUPED else MAX_FIELD_LENGTH
        if len(getattr(row, name)) > most:
            raise MalformedCsv(row.number, name, f"is longer than {most} characters")
