"""The canonical form of a JSON value, in which two values that mean the same are equal.

Scalars become their text (`1`, `1.0` and `"1"` are one; `true` and `"true"` too), lists
become multisets, maps go by key. Null stays null: it equals neither `""` nor `[]`.
"""

from decimal import Decimal
from typing import Any, Final

import orjson

__all__ = ["Canonical", "canonical", "scalar_text"]

Canonical = str | list[Any] | dict[str, Any] | None

WHOLE_FLOATS: Final = 2.0**53
"""Below it a float that is whole has one text, and int() finds it faster than Decimal."""


def canonical(value: Any) -> Canonical:
    """The canonical form of a JSON value."""
    if isinstance(value, dict):
        return {str(key): canonical(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return sorted(map(canonical, value), key=_order)
    return scalar_text(value)


def scalar_text(value: Any) -> str | None:
    """The canonical text of a scalar; None for null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    return str(value)


def _number_text(value: float) -> str:
    if abs(value) < WHOLE_FLOATS and value.is_integer():
        return str(int(value))
    # The shortest text that gives this float back, as JSON writes it, and not its binary value.
    return format(Decimal(str(value)), "f")


def _order(value: Canonical) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
