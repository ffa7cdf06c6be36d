"""Tables of prices in a document: one entry with a dimension and a price for each of its values.

`{by: size, prices: {s-1vcpu-2gb: 4.1, gpu-*: 900}, …}` stands for one row per size with the fields
beside it. Rows of a table differ only in the matched value and in the price.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.common.errors import FieldViolation, InvalidArgument

__all__ = ["BY", "PRICES", "compacted", "expanded", "renamed"]

BY: Final = "by"
PRICES: Final = "prices"

Entry = dict[str, Any]


def expanded(entries: Iterable[tuple[Entry, str]], price: str) -> list[tuple[Entry, str]]:
    """The rows of entries with their paths; `price` is the field of a row's price.

    Raises InvalidArgument with the path of the error.
    """
    found: list[tuple[Entry, str]] = []
    for entry, path in entries:
        if BY in entry or PRICES in entry:
            found += _rows(entry, path, price)
        else:
            found.append((entry, path))
    return found


def _rows(entry: Entry, path: str, price: str) -> list[tuple[Entry, str]]:
    by, prices = entry.get(BY), entry.get(PRICES)
    if not isinstance(by, str) or not by:
        raise InvalidArgument(f"{path}.{BY}", "is not a dimension", reason="FIELD_REQUIRED")
    if not isinstance(prices, dict) or not prices:
        raise InvalidArgument(
            f"{path}.{PRICES}", f"is not a mapping of {by} to price", reason="FIELD_REQUIRED"
        )
    if price in entry:
        raise InvalidArgument(f"{path}.{price}", f"is not for a table: it has {PRICES}")
    match = entry.get("match", {})
    if not isinstance(match, dict) or by in match:
        raise InvalidArgument(f"{path}.match", f"is not a mapping without {by}")
    rest = {key: value for key, value in entry.items() if key not in (BY, PRICES)}
    return [
        ({**rest, "match": {**match, by: [value]}, price: cents}, f"{path}.{PRICES}.{value}")
        for value, cents in prices.items()
    ]


def renamed(error: InvalidArgument, paths: Mapping[str, str]) -> InvalidArgument:
    """The error with the path of a row's entry instead of that of the row."""

    def name(field: str) -> str:
        row = next((row for row in paths if field == row or field.startswith(f"{row}.")), None)
        return field if row is None else paths[row] + field.removeprefix(row)

    first, *more = [FieldViolation(name(one.field), one.description) for one in error.violations]
    return InvalidArgument(first.field, first.description, *more, reason=error.reason)


def compacted(rows: Sequence[Entry], price: str) -> list[Entry]:
    """Entries for rows, in order: rows in sequence that make a table are one entry."""
    found: list[Entry] = []
    tables: list[tuple[str, list[Entry]]] = []
    for row in rows:
        by, those = tables[-1] if tables else ("", [])
        common = _dimension(those[-1], row, price, by) if those else ""
        if common and _value(row, common) not in {_value(one, common) for one in those}:
            tables[-1] = (common, [*those, row])
        else:
            tables.append(("", [row]))
    for by, those in tables:
        found += [_table(by, those, price)] if by else those
    return found


def _dimension(one: Entry, other: Entry, price: str, by: str) -> str:
    """The dimension in whose single value two rows differ, if that and the price is all."""
    shared = one.get("match", {}).keys() & other.get("match", {}).keys()
    for key in sorted(shared) if not by else [by] if by in shared else []:
        single = _value(one, key) and _value(other, key)
        if single and _rest(one, key, price) == _rest(other, key, price):
            return key
    return ""


def _value(row: Entry, key: str) -> str:
    values: list[str] = row["match"][key]
    return values[0] if len(values) == 1 else ""


def _rest(row: Entry, key: str, price: str) -> Entry:
    match = {name: values for name, values in row["match"].items() if name != key}
    rest = {name: value for name, value in row.items() if name not in (price, "match")}
    return {**rest, "match": match} if match else rest


def _table(by: str, rows: Sequence[Entry], price: str) -> Entry:
    prices = {_value(row, by): row[price] for row in rows}
    return {**_rest(rows[0], by, price), BY: by, PRICES: prices}
