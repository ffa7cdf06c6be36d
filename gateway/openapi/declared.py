"""The services, methods, messages and comments of a descriptor set with source information."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2

__all__ = ["INTEGERS_64", "Declared", "DeclaredField", "DeclaredMessage", "DeclaredService"]

Field = descriptor_pb2.FieldDescriptorProto

SERVICE, METHOD = 6, 2
MESSAGE, NESTED, MEMBER = 4, 3, 2
ENUM, VALUE = 5, 2
"""Numbers of `FileDescriptorProto` and `DescriptorProto`, of which the path of a comment consists.
"""

INTEGERS_64: Final = frozenset(
    {
        Field.TYPE_INT64,
        Field.TYPE_UINT64,
        Field.TYPE_SINT64,
        Field.TYPE_FIXED64,
        Field.TYPE_SFIXED64,
    }
)


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A field of a message."""

    name: str
    kind: int
    """The type, as in `FieldDescriptorProto`."""
    type_name: str
    """The full name of the message or enum with a leading dot; empty for a scalar."""
    repeated: bool
    optional: bool
    """Whether it is known to be set: `optional`, or in a `oneof`."""
    required: bool
    deprecated: bool
    comment: str
    """As one line. A field without a comment has the one of the field before it."""


@dataclass(frozen=True, slots=True)
class DeclaredMessage:
    """A message."""

    name: str
    """The full name with a leading dot."""
    comment: str
    fields: tuple[DeclaredField, ...]
    is_map_entry: bool


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """A service, and the comments of its methods."""

    name: str
    comment: str
    methods: Mapping[str, descriptor_pb2.MethodDescriptorProto]
    comments: Mapping[str, str]


@dataclass
class Declared:
    """Everything that the protos declare."""

    messages: dict[str, DeclaredMessage] = field(default_factory=dict)
    services: dict[str, DeclaredService] = field(default_factory=dict)
    enums: dict[str, dict[str, str]] = field(default_factory=dict)
    """The values of each enum with their comments, by its full name with a leading dot."""

    @classmethod
    def read(cls, descriptors: bytes) -> Self:
        """Reads a descriptor set, made with `--include_source_info`."""
        declared = cls()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
            comments = {
                tuple(place.path): _one_line(place.leading_comments or place.trailing_comments)
                for place in file.source_code_info.location
            }
            declared._add_messages(f".{file.package}", file.message_type, (MESSAGE,), comments)
            for number, enum in enumerate(file.enum_type):
                declared.enums[f".{file.package}.{enum.name}"] = {
                    value.name: comments.get((ENUM, number, VALUE, position), "")
                    for position, value in enumerate(enum.value)
                }
            for number, service in enumerate(file.service):
                path = (SERVICE, number)
                name = f"{file.package}.{service.name}"
                declared.services[name] = DeclaredService(
                    name,
                    comments.get(path, ""),
                    {method.name: method for method in service.method},
                    {
                        method.name: comments.get((*path, METHOD, position), "")
                        for position, method in enumerate(service.method)
                    },
                )
        return declared

    def _add_messages(
        self,
        scope: str,
        messages: Iterable[descriptor_pb2.DescriptorProto],
        path: tuple[int, ...],
        comments: Mapping[tuple[int, ...], str],
    ) -> None:
        for number, message in enumerate(messages):
            name = f"{scope}.{message.name}"
            here = (*path, number)
            self.messages[name] = DeclaredMessage(
                name,
                comments.get(here, ""),
                tuple(_fields(message.field, here, comments)),
                message.options.map_entry,
            )
            self._add_messages(name, message.nested_type, (*here, NESTED), comments)


def _fields(
    declared: Sequence[Field],
    path: tuple[int, ...],
    comments: Mapping[tuple[int, ...], str],
) -> Iterable[DeclaredField]:
    before = ""
    for number, each in enumerate(declared):
        before = comments.get((*path, MEMBER, number), "") or before
        behavior = each.options.Extensions[field_behavior_pb2.field_behavior]
        yield DeclaredField(
            name=each.name,
            kind=each.type,
            type_name=each.type_name,
            repeated=each.label == Field.LABEL_REPEATED,
            optional=each.proto3_optional or each.HasField("oneof_index"),
            required=field_behavior_pb2.REQUIRED in behavior,
            deprecated=each.options.deprecated,
            comment=before,
        )


def _one_line(comment: str) -> str:
    """A comment without its line ends and buf's instructions; keeps paragraphs apart."""
    lines = [line for line in comment.splitlines() if not line.strip().startswith("buf:")]
    paragraphs = [" ".join(part.split()) for part in "\n".join(lines).split("\n\n")]
    return "\n\n".join(part for part in paragraphs if part)
