"""Identifies the resource of a row, and explains why a row is unreadable.

A reason is like `networks.v4[0] has no ip_address`. To find it, the failed reducer runs again on a
copy of the value in which every object knows its path.
"""

import re
from collections.abc import Callable
from typing import Any, Final

__all__ = ["JsonObject", "UnreadableRow", "described", "explained", "has_nul", "identify"]

MAX_REASON: Final = 300
"""Maximum characters of a reason."""


class UnreadableRow(ValueError):
    """One row of a listing, or a part of it, is unreadable; others are not affected."""

    def __init__(self, kind: str, provider_id: str, reason: str) -> None:
        self.provider_id = provider_id
        """Empty if the id is unreadable too: the row may be any resource of the kind."""
        self.in_words = f"{kind} {provider_id}: {reason}" if provider_id else f"a {kind}: {reason}"
        self.in_words = self.in_words[:MAX_REASON].replace("\0", "\\0")
        """Such as `droplet 42: networks.v4[0] has no ip_address`."""
        super().__init__(self.in_words)


JsonObject = dict[str, Any]
"""Used only inside `kinds` and the provider's package."""


EXACT_FLOATS: Final = 2**53
"""Whole numbers below it are exact as floats."""

NUL_IN_JSON: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def identify(kind: str, row: Any, field: str = "id") -> str:
    """The id in `field` of a row. Raises UnreadableRow, with the id if it can be found."""
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
    """Whether a text in JSON has a NUL character, which PostgreSQL cannot store."""
    if isinstance(content, bytes):
        content = content.decode()
    return "\\u0000" in content and NUL_IN_JSON.search(content) is not None


class _Missing(KeyError):
    """A field required by the reducer is missing; the message is its path."""


class _Placed(dict[str, Any]):
    """An object that knows its path."""

    __slots__ = ("place",)

    def __init__(self, members: dict[str, Any], place: str) -> None:
        super().__init__(
            (name, _placed(value, f"{place}.{name}")) for name, value in members.items()
        )
        self.place = place

    def __missing__(self, name: str) -> Any:
        raise _Missing(f"{self.place} has no {name}")


def explained(reduce: Callable[[Any], Any], value: Any, name: str) -> str:
    """Why `reduce` cannot read the value of the field `name`; empty if it can."""
    try:
        reduce(_placed(value, name))
    except _Missing as missing:
        return str(missing.args[0])
    except (AttributeError, LookupError, TypeError, ValueError):
        return f"{name} has an unexpected value: {described(value)}"
    return ""


def described(value: Any) -> str:
    """The type of a JSON value, without its content, which may be secret."""
    if isinstance(value, list):
        inside = sorted({described(element) for element in value})
        return f"a list with {' and '.join(inside)}" if inside else "an empty list"
    words = {
        type(None): "null",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a text",
    }
    return words.get(type(value), "an object")


def _placed(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return _Placed(value, place)
    if isinstance(value, list):
        return [_placed(element, f"{place}[{position}]") for position, element in enumerate(value)]
    return value
