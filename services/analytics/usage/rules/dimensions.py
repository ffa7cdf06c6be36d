"""The dimensions of usage: which an event may have, and their form in the database."""

import re
from collections.abc import Mapping
from typing import Final

import orjson

from kinds.metering import DIMENSION_VALUE, Meter

__all__ = ["is_value", "json_of", "patterns_of", "undeclared"]

_VALUE: Final = re.compile(DIMENSION_VALUE, re.ASCII)

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def undeclared(meter: Meter, keys: Mapping[str, str]) -> list[str]:
    """The keys that a meter does not declare, sorted."""
    return sorted(keys.keys() - set(meter.dimensions))


def is_value(text: str) -> bool:
    """Whether a text can be the value of a dimension."""
    return _VALUE.fullmatch(text) is not None


def json_of(dimensions: Mapping[str, str]) -> str:
    """Dimensions as JSON text."""
    return orjson.dumps(dict(dimensions), option=orjson.OPT_SORT_KEYS).decode()


def patterns_of(wanted: Mapping[str, str]) -> dict[str, str]:
    """The dimensions of a line as patterns of SQL's LIKE, separated by commas.

    A line may have several values of a dimension, as `s-1, s-2`, and prefixes such as `gpu-*`.
    """
    return {key: ",".join(map(_pattern, values.split(","))) for key, values in wanted.items()}


def _pattern(value: str) -> str:
    text = value.strip().translate(_ESCAPED)
    return f"{text.removesuffix('*')}%" if text.endswith("*") else text
