"""Every method and message of ours, from the committed descriptor set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcadia.common.v1 import access_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

DESCRIPTOR_SET = Path(__file__).parents[2] / "protos" / "gen" / "arcadia.binpb"
ACCESS: Any = access_pb2.access  # the stub of a field descriptor does not know its value's type
ROLES: Any = access_pb2.roles
VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """An HTTP method and a path template, and what of the request its body is."""

    verb: str
    template: str
    body: str

    @property
    def variables(self) -> list[str]:
        """The request's fields that the path binds."""
        return re.findall(r"{(\w+)", self.template)

    def meets(self, other: "Route") -> bool:
        """Whether there is a request that both would answer."""
        if self.verb != other.verb:
            return False
        ours, theirs = self.template.split("/"), other.template.split("/")
        return len(ours) == len(theirs) and all(
            a == b or a.startswith("{") or b.startswith("{")
            for a, b in zip(ours, theirs, strict=True)
        )


@dataclass(frozen=True)
class Method:
    """An RPC as declared."""

    name: str
    access: str
    roles: frozenset[str]
    routes: tuple[Route, ...]
    streams: bool
    request: DescriptorProto
    response: DescriptorProto

    @property
    def internal(self) -> bool:
        """Whether only services and workers may call it."""
        return self.access == "internal"

    @property
    def lists(self) -> bool:
        """Whether it answers a page."""
        return self.name.rpartition("/")[2].startswith("List")


def _routes(method: MethodDescriptorProto) -> tuple[Route, ...]:
    if not method.options.HasExtension(annotations_pb2.http):
        return ()
    rule = method.options.Extensions[annotations_pb2.http]
    return tuple(
        Route(verb.upper(), getattr(binding, verb), binding.body)
        for binding in (rule, *rule.additional_bindings)
        for verb in VERBS
        if binding.HasField(verb)
    )


def _access(method: MethodDescriptorProto) -> str:
    value: access_pb2.Access = method.options.Extensions[ACCESS]
    return access_pb2.Access.Name(value).removeprefix("ACCESS_").lower()


def _roles(method: MethodDescriptorProto) -> frozenset[str]:
    value = method.options.Extensions[ROLES]
    return frozenset(access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in value)


def _load() -> FileDescriptorSet:
    return FileDescriptorSet.FromString(DESCRIPTOR_SET.read_bytes())


def _nested(prefix: str, message: DescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    name = f"{prefix}.{message.name}"
    yield name, message
    for inner in message.nested_type:
        yield from _nested(name, inner)


def _messages(files: FileDescriptorSet) -> dict[str, DescriptorProto]:
    return {
        name: message
        for file in files.file
        for outer in file.message_type
        for name, message in _nested(f".{file.package}", outer)
    }


def _methods(files: FileDescriptorSet, messages: dict[str, DescriptorProto]) -> list[Method]:
    return [
        Method(
            name=f"{file.package}.{service.name}/{method.name}",
            access=_access(method),
            roles=_roles(method),
            routes=_routes(method),
            streams=method.client_streaming or method.server_streaming,
            request=messages[method.input_type],
            response=messages[method.output_type],
        )
        for file in files.file
        if file.package.startswith("arcadia.")
        for service in file.service
        for method in service.method
    ]


_ALL_MESSAGES = _messages(_load())

METHODS = _methods(_load(), _ALL_MESSAGES)
"""Every RPC of ours."""

MESSAGES = {
    name: message for name, message in _ALL_MESSAGES.items() if name.startswith(".arcadia.")
}
"""Every message of ours, by its full name."""

FIELDS: list[tuple[str, FieldDescriptorProto]] = [
    (f"{name.removeprefix('.')}.{field.name}", field)
    for name, message in MESSAGES.items()
    for field in message.field
]
"""Every field of ours, with its full name."""


def field_named(message: DescriptorProto, name: str) -> FieldDescriptorProto | None:
    """The message's field of that name, if it has one."""
    return next((field for field in message.field if field.name == name), None)
