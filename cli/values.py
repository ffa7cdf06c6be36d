"""Values of any shape as they are shown: as JSON, whole numbers without a point."""

from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

__all__ = ["NOBODY", "json_value"]

NOBODY: Final = "nobody"
"""Whose that is which belongs to no tenant."""


def json_value(message: Message) -> Any:  # noqa: ANN401
    """A Struct or Value as JSON.

    Protobuf keeps every number as a double: 386412347 would read 386412347.0.
    """
    return _whole(MessageToDict(message))


def _whole(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
