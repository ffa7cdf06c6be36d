"""Says in words what of a row cannot be read, and where: `networks.v4[0] has no ip_address`.

Only when a row could not be read: its reducer is run once more, on a copy that knows its places.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["described", "explained"]


class _Missing(KeyError):
    """A field that the reducer needs is not there; the words say where."""


class _Placed(dict[str, Any]):
    """An object that says where it stands when a field of it is missing."""

    __slots__ = ("place",)

    def __init__(self, members: dict[str, Any], place: str) -> None:
        super().__init__(
            (name, _placed(value, f"{place}.{name}")) for name, value in members.items()
        )
        self.place = place

    def __missing__(self, name: str) -> Any:
        raise _Missing(f"{self.place} has no {name}")


def explained(reduce: Callable[[Any], Any], value: Any, name: str) -> str:
    """Why `reduce` cannot read the value of the field `name`; empty when it can."""
    try:
        reduce(_placed(value, name))
    except _Missing as missing:
        return str(missing.args[0])
    except (AttributeError, LookupError, TypeError, ValueError):
        return f"{name} is not as documented: it is {described(value)}"
    return ""


def described(value: Any) -> str:
    """What a JSON value is, without what it says: it may be a secret."""
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
