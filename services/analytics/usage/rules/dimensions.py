"""The dimensions of usage: which an event may have, and their form in the database."""

from collections.abc import Mapping
from typing import Final

import orjson

from kinds.metering import METERS

__all__ = ["MAX_VALUE_LENGTH", "json_of", "patterns_of", "refusal_of_value", "undeclared"]

MAX_VALUE_LENGTH: Final = 120


def undeclared(resource_kind: str, keys: Mapping[str, str]) -> list[str]:
    """The keys that a meter does not declare, sorted."""
    return sorted(keys.keys() - set(METERS[resource_kind].dimensions))


def refusal_of_value(value: str) -> str:
    """Why a value is invalid; empty if it is valid.

    Commas and equals signs would make the label of usage in frozen inputs ambiguous.
    """
    if not value or value != value.strip():
        return "is empty, or begins or ends with a space"
    if len(value) > MAX_VALUE_LENGTH:
        return f"has more than {MAX_VALUE_LENGTH} characters"
    if not value.isprintable() or set(value) & set(",="):
        return "has a comma, an equals sign or a control character"
    return ""


def json_of(dimensions: Mapping[str, str]) -> str:
    """Dimensions as JSON text."""
    return orjson.dumps(dict(dimensions), option=orjson.OPT_SORT_KEYS).decode()


def patterns_of(wanted: Mapping[str, str]) -> dict[str, str]:
    """The values of a match as patterns of SQL's LIKE, separated by commas.

    A value that ends with `*` is a prefix, such as `gpu-*`.
    """
    escape = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
    return {
        key: ",".join(
            f"{one.removesuffix('*')}%" if one.endswith("*") else one
            for one in values.translate(escape).split(",")
        )
        for key, values in wanted.items()
    }
