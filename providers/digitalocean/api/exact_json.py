"""JSON whose numbers are kept as they are written: `442.40` stays `442.40`, never a float."""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

__all__ = ["loads"]

MAX_INT_DIGITS: Final = 18
"""Longer whole numbers are kept as decimals: Python refuses to read very long ones as ints."""


def loads(content: bytes) -> Any:
    """The value of a JSON text, its numbers exact. Raises ValueError for what is no JSON."""
    try:
        return json.loads(content, parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(str(error)) from error


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_INT_DIGITS else Decimal(text)


def _refuse(text: str) -> NoReturn:
    """`NaN` and `Infinity` are no JSON, and no amounts."""
    raise ValueError(f"{text} is no JSON")
