"""The RPCs that are writes of people or keys, and the logged part of their requests.

Derived from the protos: an RPC for users is a read if it is bound to GET or has a response stream;
every other one is a write. So a new RPC is audited without a declaration.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from arcadia.common.v1 import access_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import struct_pb2
from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from google.protobuf.message import Message

from kinds.redaction import REDACTED, secret_name
from services.common.audit.secrets import without_secrets
from services.common.identity.policy import AccessRule, method_path

__all__ = ["MAX_VALUES", "NOT_KEPT", "AuditedRpc", "audited_rpcs", "described"]

USERS: Final = frozenset(
    {access_pb2.ACCESS_AUTHENTICATED, access_pb2.ACCESS_TENANT, access_pb2.ACCESS_OPERATOR}
)
PREFIX: Final = re.compile(r"^/api/v\d+/")
VARIABLE: Final = re.compile(r"\{([a-z_.]+)\}")

MAX_TEXT: Final = 300
"""Maximum characters of a text in a request, and of the name of an object."""

MAX_ELEMENTS: Final = 20
"""Maximum elements of a list or map in a request."""

MAX_VALUES: Final = 200
"""Maximum elements of all lists and maps in a request together."""

MAX_DEPTH: Final = 6

OMITTED: Final = "[not kept]"

NOT_KEPT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"arcadia.inventory.v1.RecordSpecRequest": frozenset({"spec"})}
)
"""Request fields that are not logged, because their secrets depend on the kind of resource.

The changed rows of the entry contain them, without the secrets declared by the kind.
"""


@dataclass(frozen=True, slots=True)
class AuditedRpc:
    """A write of a person or a key."""

    path: str
    """Its gRPC path: `/package.Service/Method`."""
    object_template: str
    """Its HTTP path up to the last variable, such as `subscriptions/{id}`; empty without one."""
    request: Descriptor

    def object_of(self, request: Message) -> str:
        """The object in a request, such as `subscriptions/0199…`; empty without one.

        Also empty if the request lacks a variable of the path.
        """
        values = {
            name: getattr(request, name, "") for name in VARIABLE.findall(self.object_template)
        }
        if not values or not all(values.values()):
            return ""
        return VARIABLE.sub(lambda found: str(values[found[1]]), self.object_template)[:MAX_TEXT]


def audited_rpcs(services: Iterable[ServiceDescriptor]) -> dict[str, AuditedRpc]:
    """The writes of people and keys among the RPCs of `services`, by path."""
    return {
        method_path(method): AuditedRpc(
            method_path(method), _object_template(method), method.input_type
        )
        for service in services
        for method in service.methods
        if _is_write(method)
    }


def _is_write(method: MethodDescriptor) -> bool:
    if AccessRule.declared(method.GetOptions()).access not in USERS or method.server_streaming:
        return False
    return not _http(method).get


def _http(method: MethodDescriptor) -> http_pb2.HttpRule:
    return method.GetOptions().Extensions[annotations_pb2.http]


def _object_template(method: MethodDescriptor) -> str:
    rule = _http(method)
    path = PREFIX.sub("", getattr(rule, rule.WhichOneof("pattern") or "post"))
    return path[: path.rindex("}") + 1] if "}" in path else ""


def described(request: Message) -> dict[str, Any]:
    """The fields of a request as JSON without numbers and secrets, bounded in size.

    Numbers are text, to stay exact. Long texts and lists are truncated and marked.
    """
    told: dict[str, Any] = without_secrets(_Description().message(request, MAX_DEPTH))
    return told


class _Description:
    """Describes one request; counts the included values."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def message(self, message: Message, depth: int) -> Any:
        if isinstance(message, struct_pb2.Struct | struct_pb2.ListValue):  # already JSON
            [field] = message.DESCRIPTOR.fields
            return self._field(field, getattr(message, field.name), depth)
        not_kept = NOT_KEPT.get(message.DESCRIPTOR.full_name, ())
        return {
            field.name: OMITTED
            if field.name in not_kept
            else REDACTED
            if secret_name(field.name)
            else self._field(field, value, depth)
            for field, value in message.ListFields()
        }

    def _field(self, field: FieldDescriptor, value: Any, depth: int) -> Any:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            return self._map(entry.fields_by_name["value"], value, depth)
        if field.is_repeated:
            told = [self._one(field, each, depth) for each in self._first(value)]
            return [*told, *_rest(len(value) - len(told))]
        return self._one(field, value, depth)

    def _map(self, field: FieldDescriptor, values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        told = {
            _text(str(key)): REDACTED
            if secret_name(str(key))
            else self._one(field, values[key], depth)
            for key in self._first(sorted(values, key=str))
        }
        return told | dict(zip(("…",), _rest(len(values) - len(told)), strict=False))

    def _first(self, values: Sequence[Any]) -> Iterator[Any]:
        """The values to include; none after the maximum."""
        for value in values[:MAX_ELEMENTS]:
            if self._left <= 0:
                return
            self._left -= 1
            yield value

    def _one(self, field: FieldDescriptor, value: Any, depth: int) -> Any:
        if isinstance(value, struct_pb2.Value):
            kind = value.WhichOneof("kind")
            if kind in (None, "null_value"):
                return None
            return self._one(field, getattr(value, kind), depth)
        if isinstance(value, Message):
            return self.message(value, depth - 1) if depth else f"[{value.ByteSize()} bytes]"
        if isinstance(value, bytes):
            return f"[{len(value)} bytes]"
        if isinstance(value, bool):
            return value
        if isinstance(value, float):
            return str(value).removesuffix(".0")
        if field.enum_type is not None and value in field.enum_type.values_by_number:
            return field.enum_type.values_by_number[value].name
        return _text(str(value))


def _rest(count: int) -> list[str]:
    return [f"[{count} more]"] if count > 0 else []


def _text(value: str) -> str:
    """A text without secrets, which are redacted before it is truncated."""
    told: str = without_secrets(value[: 2 * MAX_TEXT])
    if len(told) <= MAX_TEXT and len(value) <= 2 * MAX_TEXT:
        return told
    return f"{told[:MAX_TEXT]}… [{len(value)} characters]"
