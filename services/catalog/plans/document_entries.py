"""Reads entries of a document as the messages of the API; errors name the path."""

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
"""Field descriptors by their names: of two types, for which nothing common is declared."""

FOREIGN: Final = frozenset({"request_id", "plan_code", "meter_code"})
"""Fields of the requests that a document does not have: it is applied under one key."""

INTEGERS: Final = frozenset({FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64})
WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
TRUE: Final = "true"


def message_of(entry: dict[str, Any], message: type[Said], path: str) -> Said:
    """The message of an entry, whose scalars are all texts.

    Raises InvalidArgument with the path of an unknown field or a malformed value.
    """
    fields = message.DESCRIPTOR.fields_by_name
    _check(entry, fields, path)
    flags = {
        key: value == TRUE
        for key, value in entry.items()
        if fields[key].cpp_type == FieldDescriptor.CPPTYPE_BOOL
    }
    try:
        return ParseDict(entry | flags, message())
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
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if not isinstance(value, dict):
                raise InvalidArgument(inner, "is not a mapping of dimensions to values")
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
    elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL and value not in (TRUE, "false"):
        raise InvalidArgument(path, f"{value!r} is not true or false", reason="MALFORMED_VALUE")
