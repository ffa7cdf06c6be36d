"""Converts the entries of a catalog document to the corresponding request messages."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from services.common.errors import InvalidArgument

__all__ = ["message_of"]

Said = TypeVar("Said", bound=Message)
Fields = Mapping[str, Any]
"""Field descriptors by name; the two descriptor types have no common base."""

FOREIGN: Final = frozenset({"request_id", "plan_code"})
"""Request fields that a document does not have, because it is applied under one key."""

INTEGERS: Final = frozenset({FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64})
WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def message_of(entry: dict[str, Any], message: type[Said], path: str) -> Said:
    """The message of an entry, whose scalars are all texts.

    Raises InvalidArgument with the path of an unknown field or a malformed value.
    """
    _check(entry, message.DESCRIPTOR.fields_by_name, path)
    try:
        return ParseDict(entry, message())
    except ParseError as error:
        raise InvalidArgument(path, str(error), reason="MALFORMED_ENTRY") from None


def _check(entry: Mapping[str, Any], fields: Fields, path: str) -> None:
    """Stricter than protobuf, which also accepts `1e3`, `5_000` and `priceCents`."""
    for key, value in entry.items():
        field, inner = fields.get(key), f"{path}.{key}"
        if field is None or key in FOREIGN:
            raise InvalidArgument(inner, "is not part of a catalog", reason="UNKNOWN_FIELD")
        if not field.is_repeated:
            _check_value(value, field, inner)
            continue
        if not isinstance(value, list):
            raise InvalidArgument(inner, "is not a list")
        for position, each in enumerate(value):
            _check_value(each, field, f"{inner}[{position}]")


def _check_value(value: Any, field: FieldDescriptor, path: str) -> None:
    if field.message_type is not None:
        if not isinstance(value, dict):
            raise InvalidArgument(path, "is not a mapping")
        _check(value, field.message_type.fields_by_name, path)
    elif not isinstance(value, str):
        raise InvalidArgument(path, "is not a single value")
    elif field.cpp_type in INTEGERS and not WHOLE.fullmatch(value):
        raise InvalidArgument(path, f"{value!r} is not a whole number", reason="NOT_A_NUMBER")
