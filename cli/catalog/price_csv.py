"""Resource prices as CSV: a column per dimension, and a row per price."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml
from arcadia.catalog.v1 import catalog_pb2
from google.protobuf.struct_pb2 import Value

from services.catalog.meters.rules.meters import BUILT_IN, Meters
from services.catalog.plans.document import read_document
from services.common.errors import InvalidArgument

__all__ = ["UnreadableCsv", "document_of", "matched", "write_csv"]

BEFORE: Final = ("meter",)
AFTER: Final = ("unit", "price", "currency", "effective_from", "effective_to")
REQUIRED: Final = ("meter", "unit", "price", "currency", "effective_from")

FIELDS: Final = {
    "meter": "resource_kind",
    "price": "unit_price_cents",
    "unit": "unit",
    "currency": "currency",
    "effective_from": "effective_from",
    "effective_to": "effective_to",
}
"""Columns by the fields of a price in a catalog document."""

OR: Final = "|"
"""Separates the values of a dimension."""


class UnreadableCsv(ValueError):
    """A file is not a table of prices; the message names the line."""


def write_csv(prices: Iterable[catalog_pb2.ResourcePrice]) -> str:
    """A header and a line per price, in order; prices in cents, as exact decimals."""
    rows = [*prices]
    dimensions = sorted({key for price in rows for key in price.match})
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow((*BEFORE, *dimensions, *AFTER))
    for price in rows:
        match = matched(price.match)
        writer.writerow(
            (
                price.resource_kind,
                *(OR.join(match.get(key, ())) for key in dimensions),
                price.unit,
                price.unit_price_cents,
                price.currency,
                price.effective_from,
                price.effective_to,
            )
        )
    return buffer.getvalue()


def matched(match: Mapping[str, Value]) -> dict[str, list[str]]:
    """The allowed values of each dimension of a message's match."""
    return {
        key: [value.string_value for value in match[key].list_value.values] for key in sorted(match)
    }


def document_of(text: str, meters: Meters = BUILT_IN) -> str:
    """The catalog document with the prices of a CSV, of known meters. Raises UnreadableCsv.

    Columns are found by their names; those that are neither of a price nor empty are dimensions. An
    empty cell of a dimension restricts nothing.
    """
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        names = [*(reader.fieldnames or ())]
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            raise UnreadableCsv(f"line 1: there is no column {', '.join(missing)}")
        lines: list[int] = []
        prices: list[dict[str, Any]] = []
        for row in reader:
            if None in row.values() or "" in row:
                raise UnreadableCsv(f"line {reader.line_num}: has not as many cells as line 1")
            prices.append(_price(row))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise UnreadableCsv(f"line {reader.line_num}: {error}") from None
    document = yaml.safe_dump({"resource_prices": prices}, sort_keys=False)
    try:
        read_document(document, "", meters)
    except InvalidArgument as error:
        raise UnreadableCsv(_by_line(error, lines)) from None
    return document


def _price(row: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {FIELDS[name]: row[name] for name in FIELDS if row.get(name)}
    match = {
        key: [value.strip() for value in cell.split(OR)]
        for key, cell in row.items()
        if key not in FIELDS and cell.strip()
    }
    return said | ({"match": match} if match else {})


def _by_line(error: InvalidArgument, lines: list[int]) -> str:
    """`line 3: match.size: …` for `.resource_prices[1].match.size: …`."""
    field, description = error.violations[0].field, error.violations[0].description
    place, bracket, rest = field.removeprefix(".resource_prices[").partition("]")
    if not bracket or not place.isdecimal():
        return str(error).removeprefix(".")
    columns = {name: column for column, name in FIELDS.items()}
    column = rest.removeprefix(".")
    return f"line {lines[int(place)]}: {columns.get(column, column)} {description}"
