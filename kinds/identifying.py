"""Which resource a row is about, as far as its id can be read."""

import re
from typing import Any, Final

from kinds.errors import UnreadableRow
from kinds.explaining import described

__all__ = ["has_nul", "identify"]

EXACT_FLOATS: Final = 2**53
"""Whole numbers below it are exact as floats."""

NUL_IN_JSON: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def identify(kind: str, row: Any, field: str = "id") -> str:
    """The id that a row has in `field`. Raises UnreadableRow, with the id where it can be told."""
    if not isinstance(row, dict):
        raise UnreadableRow(kind, "", f"the row is {described(row)}, not an object")
    identifier = row.get(field)
    if type(identifier) is int:
        return str(identifier)
    if type(identifier) is str and identifier and "\0" not in identifier:
        return identifier
    if type(identifier) is float:
        meant = identifier.is_integer() and abs(identifier) < EXACT_FLOATS
        name = str(int(identifier)) if meant else ""
        raise UnreadableRow(kind, name, f"{field} is {identifier}, not a whole number")
    if identifier is None or identifier == "":
        raise UnreadableRow(kind, "", f"it has no {field}")
    if type(identifier) is str:
        raise UnreadableRow(kind, "", f"{field} has a NUL character")
    raise UnreadableRow(kind, "", f"{field} is {described(identifier)}")


def has_nul(content: str | bytes) -> bool:
    """Whether JSON has a NUL character in a text, which PostgreSQL cannot keep."""
    if isinstance(content, bytes):
        content = content.decode()
    return "\\u0000" in content and NUL_IN_JSON.search(content) is not None
