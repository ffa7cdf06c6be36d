"""JSON schemas of messages, as the gateway's transcoder reads and writes them.

A message has one schema where it is sent and another where it is returned: a response has every
field that is not `optional` or a message, also if it is empty; a request needs only the fields that
are declared required, and unknown ones are refused.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import descriptor_pb2

from gateway.openapi.declared import INTEGERS_64, Declared, DeclaredField, DeclaredMessage
from gateway.openapi.texts import text_schema

__all__ = ["Schemas"]

Field = descriptor_pb2.FieldDescriptorProto
Schema = dict[str, Any]

INT64: Final[Schema] = {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
SCALARS: Final[dict[int, Schema]] = {
    Field.TYPE_BOOL: {"type": "boolean"},
    Field.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    Field.TYPE_INT32: {"type": "integer", "format": "int32"},
    Field.TYPE_UINT32: {"type": "integer", "format": "int32", "minimum": 0},
    **dict.fromkeys(INTEGERS_64, INT64),
}
WELL_KNOWN: Final[dict[str, Schema]] = {
    ".google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    ".google.protobuf.ListValue": {"type": "array", "items": {}},
    ".google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Value": {},
}


@dataclass
class Schemas:
    """The schemas of messages; those that are used are collected as components."""

    declared: Declared
    components: dict[str, Schema] = field(default_factory=dict)

    def returned(self, message: str) -> Schema:
        """A reference to the schema of a message in responses."""
        return self._reference(message, given=False)

    def body(self, message: str, without: frozenset[str]) -> Schema:
        """The schema of a request body: a message without the fields that its path has."""
        declared = self.declared.messages[message]
        name = _short(message)
        self.components[name] = self._object(declared, given=True, without=without)
        return {"$ref": f"#/components/schemas/{name}"}

    def parameter(self, declared: DeclaredField) -> Schema:
        """The schema of a field in a path or a query."""
        schema = self._of_field(declared, given=True)
        schema.pop("description", None)
        return schema

    def _reference(self, message: str, *, given: bool) -> Schema:
        name = f"{_short(message)}{'Input' if given else ''}"
        if name not in self.components:
            self.components[name] = {}  # a message may contain itself
            self.components[name] = self._object(self.declared.messages[message], given=given)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(
        self, message: DeclaredMessage, *, given: bool, without: frozenset[str] = frozenset()
    ) -> Schema:
        fields = [each for each in message.fields if each.name not in without]
        schema: Schema = {"type": "object", "description": message.comment}
        required = [
            each.name for each in fields if (each.required if given else _always_returned(each))
        ]
        if required:
            schema["required"] = required
        schema["properties"] = {each.name: self._of_field(each, given=given) for each in fields}
        if given:
            schema["additionalProperties"] = False
        return schema

    def _of_field(self, declared: DeclaredField, *, given: bool) -> Schema:
        schema = self._of_value(declared, given=given)
        entry = self.declared.messages.get(declared.type_name)
        if entry is not None and entry.is_map_entry:
            [_, value] = entry.fields
            schema = {"type": "object", "additionalProperties": self._of_value(value, given=given)}
        elif declared.repeated:
            schema = {"type": "array", "items": schema}
        meanings = [
            f"`{value}`: {comment}"
            for value, comment in self.declared.enums.get(declared.type_name, {}).items()
        ]
        if description := "\n\n".join([declared.comment, *meanings]):
            schema = {**schema, "description": description}
        if declared.deprecated:
            schema["deprecated"] = True
        return schema

    def _of_value(self, declared: DeclaredField, *, given: bool) -> Schema:
        if declared.kind == Field.TYPE_MESSAGE:
            if declared.type_name in WELL_KNOWN:
                return dict(WELL_KNOWN[declared.type_name])
            if self.declared.messages[declared.type_name].is_map_entry:
                return {}
            return self._reference(declared.type_name, given=given)
        if declared.kind == Field.TYPE_ENUM:
            return {"type": "string", "enum": list(self.declared.enums[declared.type_name])}
        if declared.kind == Field.TYPE_STRING:
            return text_schema(declared.name, declared.comment, given=given)
        return dict(SCALARS[declared.kind])


def _always_returned(declared: DeclaredField) -> bool:
    """Whether a response has the field also if it is empty."""
    return declared.repeated or not (declared.optional or declared.kind == Field.TYPE_MESSAGE)


def _short(message: str) -> str:
    """The name of a message without its package; no two of ours have the same."""
    return message.rpartition(".")[2]
