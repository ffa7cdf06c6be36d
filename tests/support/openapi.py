"""DigitalOcean's OpenAPI document of calls, as far as the tests use it."""

from functools import cache
from typing import Any

from tests.support.digitalocean_facts import facts

__all__ = ["call", "describes", "listed_fields", "response_schema", "shown_by_scopes", "sizes"]

COMBINED = ("allOf", "anyOf", "oneOf")


@cache
def _facts() -> dict[str, Any]:
    return facts()


def describes(path: str) -> bool:
    """Whether the document has a GET of a path, because our copy is trimmed."""
    return f"GET {path}" in _facts()["calls"]


def call(method: str, path: str) -> dict[str, Any]:
    """Parameters, scopes, required body fields, and response of a call."""
    found: dict[str, Any] = _facts()["calls"][f"{method} {path}"]
    return found


def sizes() -> set[str]:
    """The slugs of droplet, database and GPU sizes in the document."""
    return set(_facts()["sizes"])


def response_schema(path: str) -> dict[str, Any]:
    """The schema of the 200 response to a GET."""
    return {**call("GET", path)["answer"], "components": {"schemas": _facts()["schemas"]}}


def listed_fields(path: str, key: str) -> set[str]:
    """The fields of a row of a listing."""
    return set(_members(_there(_members(call("GET", path)["answer"])[key])["items"]))


def shown_by_scopes(path: str, key: str) -> dict[str, str]:
    """The fields of a row of a listing that need a scope, as dotted paths."""
    shown: dict[str, str] = call("GET", path).get("shown_by", {})
    return {
        field.removeprefix(f"{key}."): scope
        for field, scope in shown.items()
        if field.startswith(f"{key}.")
    }


def _members(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _there(schema)
    members: dict[str, Any] = {}
    for word in COMBINED:
        for part in schema.get(word, ()):
            members |= _members(part)
    return {**members, **schema.get("properties", {})}


def _there(node: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference names, where it is one, and where it may also be null."""
    while "$ref" in node or _nullable(node):
        node = (
            _facts()["schemas"][node["$ref"].rsplit("/", 1)[1]]
            if "$ref" in node
            else node["anyOf"][1]
        )
    return node


def _nullable(node: dict[str, Any]) -> bool:
    return bool(node.get("anyOf", [None])[0] == {"type": "null"})
