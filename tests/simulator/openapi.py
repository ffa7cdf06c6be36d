"""DigitalOcean's OpenAPI document as JSON Schema."""

import json
from pathlib import Path
from typing import Any

from tests.simulator.running import ROOT

DOCUMENT = ROOT.parent / "shared" / "digitalocean-openapi.json"


def load(path: Path = DOCUMENT) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: `nullable` becomes a type, examples are dropped."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {
        key: _as_json_schema(value)
        for key, value in node.items()
        if key not in ("nullable", "example", "examples")
        or (key in ("example", "examples") and isinstance(value, dict) and "type" in value)
    }
    if node.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, schema]}
    return schema


def response_schema(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The schema of the 200 answer to a GET."""
    response = document["paths"][path]["get"]["responses"]["200"]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    schemas = _as_json_schema(document["components"]["schemas"])
    root = _as_json_schema(response["content"]["application/json"]["schema"])
    return {**root, "components": {"schemas": schemas}}
