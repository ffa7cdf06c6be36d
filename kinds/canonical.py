"""The canonical form of a JSON value: values with the same meaning have the same form.

Scalars become text (`1`, `1.0` and `"1"` are equal; `true` and `"true"` too), lists become
multisets, maps are compared by key. Null stays null: it equals neither `""` nor `[]`.
"""

from decimal import Decimal
from typing import Any, Final

import orjson

__all__ = ["Canonical", "canonical", "scalar_text"]

Canonical = str | list[Any] | dict[str, Any] | None

WHOLE_FLOATS: Final = 2.0**53
"""Below it a whole float has a unique text, and int() is faster than Decimal."""


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
    # The shortest text that gives this float back, as in JSON, instead of its binary value.
    return format(Decimal(str(value)), "f")


def _order(value: Canonical) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
