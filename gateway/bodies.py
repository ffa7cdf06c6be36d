"""The allowed fields of JSON bodies, as tables for the gateway's Lua filter (bodies.lua).

Generated from the descriptor set, like the routes: a tree of paths with the type of each body, and
the fields of each message in a body.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from google.protobuf import descriptor_pb2

from gateway.routes import Binding, Rpc

__all__ = ["lua_tables"]

FREE: Final = "FREE"
SCALAR: Final = "SCALAR"

WELL_KNOWN: Final[Mapping[str, str]] = {
    ".google.protobuf.Any": FREE,
    ".google.protobuf.Duration": SCALAR,
    ".google.protobuf.FieldMask": SCALAR,
    ".google.protobuf.ListValue": FREE,
    ".google.protobuf.Struct": FREE,
    ".google.protobuf.Timestamp": SCALAR,
    ".google.protobuf.Value": FREE,
}
"""Messages with a special JSON form."""

Field = descriptor_pb2.FieldDescriptorProto


class _Messages:
    """The messages of a descriptor set, and their allowed fields in a body."""

    def __init__(self, descriptors: Path) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
        self._known: dict[str, descriptor_pb2.DescriptorProto] = {}
        for file in files.file:
            self._learn(f".{file.package}", file.message_type)
        self.tables: dict[str, str] = {}
        """The fields of each requested message, as a Lua table."""

    def _learn(self, scope: str, messages: Iterable[descriptor_pb2.DescriptorProto]) -> None:
        for message in messages:
            name = f"{scope}.{message.name}"
            self._known[name] = message
            self._learn(name, message.nested_type)

    def type_of(self, name: str) -> str:
        """The type of a message; adds its fields to `tables`."""
        if name in WELL_KNOWN:
            return WELL_KNOWN[name]
        if name not in self.tables:
            self.tables[name] = ""  # a message may contain itself
            rows = [
                f"[{json.dumps(spelling)}]={{{json.dumps(one.name)},{self._type_of(one)}}}"
                for one in self._known[name].field
                for spelling in sorted({one.name, one.json_name})
            ]
            self.tables[name] = f"{{{','.join(rows)}}}"
        return json.dumps(name)

    def _type_of(self, declared: Field) -> str:
        if declared.type != Field.TYPE_MESSAGE:
            return SCALAR
        message = self._known.get(declared.type_name)
        if message is not None and message.options.map_entry:
            return f"{{map={self.field_of(declared.type_name, 'value')}}}"
        return self.type_of(declared.type_name)

    def field_of(self, message: str, name: str) -> str:
        """The type of a field of a message."""
        [declared] = [one for one in self._known[message].field if one.name == name]
        return self._type_of(declared)


@dataclass
class _Node:
    """A node of the tree of paths."""

    steps: dict[str, "_Node"] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    """The type of the body of each HTTP method, as Lua."""

    def lua(self) -> str:
        """The subtree as a Lua table."""
        rows = [f"[{json.dumps(step)}]={node.lua()}" for step, node in self.steps.items()]
        if self.methods:
            types = ",".join(f"{method}={kind}" for method, kind in self.methods.items())
            allowed = ", ".join(sorted(self.methods))
            rows.append(f"[METHODS]={{{types},allow={json.dumps(allowed)}}}")
        return f"{{{','.join(rows)}}}"


def lua_tables(rpcs: Iterable[Rpc], descriptors: Path) -> str:
    """`ROUTES` and `MESSAGES` for bodies.lua, as Lua."""
    messages = _Messages(descriptors)
    tree = _Node()
    for rpc in rpcs:
        for binding in rpc.bindings:
            node = tree
            for segment in binding.template.strip("/").split("/"):
                step = "*" if segment.startswith("{") else segment
                node = node.steps.setdefault(step, _Node())
            node.methods[binding.http_method] = _body_type(messages, rpc, binding)
    tables = ",".join(f"[{json.dumps(name)}]={fields}" for name, fields in messages.tables.items())
    return (
        'local FREE, SCALAR, METHODS = "free", "scalar", {}\n'
        'local WORDS = {"true", "false", "null"}\n'
        f"local MESSAGES = {{{tables}}}\n"
        f"local ROUTES = {tree.lua()}\n"
    )


def _body_type(messages: _Messages, rpc: Rpc, binding: Binding) -> str:
    if not binding.body:
        return "false"
    if binding.body == "*":
        return messages.type_of(rpc.request)
    return messages.field_of(rpc.request, binding.body)
