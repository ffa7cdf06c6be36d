"""What DigitalOcean's OpenAPI document says that a listing shows."""

import json
from pathlib import Path
from typing import Any

__all__ = ["DOCUMENT", "listed_fields"]

PATH = Path(__file__).parents[2].parent / "shared" / "digitalocean-openapi.json"
DOCUMENT: dict[str, Any] | None = json.loads(PATH.read_text()) if PATH.exists() else None
"""None where it does not lie beside the repository."""

COMBINED = ("allOf", "anyOf", "oneOf")


def listed_fields(path: str, key: str) -> set[str]:
    """The fields of a row of a listing."""
    assert DOCUMENT is not None
    answer = _there(DOCUMENT["paths"][path]["get"]["responses"]["200"])
    schema = answer["content"]["application/json"]["schema"]
    return set(_members(_there(_members(schema)[key])["items"]))


def _members(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _there(schema)
    members: dict[str, Any] = {}
    for word in COMBINED:
        for part in schema.get(word, ()):
            members |= _members(part)
    return {**members, **schema.get("properties", {})}


def _there(node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference names."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        node = found
    return node
