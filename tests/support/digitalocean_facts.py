"""What the tests know of DigitalOcean's API, taken from its OpenAPI document.

    python -m tests.support.digitalocean_facts path/to/digitalocean-openapi.json

writes `digitalocean_facts.json` beside this file: of every call its parameters, its scopes,
the fields that its body needs, the schema of what it answers, and the scope that shows each
field of the answer where its text names one ("Requires `tag:read` scope"). Other texts and
examples are left out. With `--check` it writes nothing, and fails where the facts are older
than the document.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["FACTS", "derive", "facts", "rendered"]

FACTS = Path(__file__).with_name("digitalocean_facts.json")

_METHODS = ("get", "post", "put", "patch", "delete")
_NAMED = frozenset({"properties", "patternProperties", "definitions", "schemas"})
"""Below these the keys are names, not words of the schema's language."""
_TEXTS = frozenset({
    "title", "description", "example", "examples", "externalDocs", "deprecated", "xml",
    "readOnly", "writeOnly", "default", "nullable", "discriminator",
})  # fmt: skip  # a table
_SCHEMAS = "#/components/schemas/"
_COMBINED = ("allOf", "anyOf", "oneOf")
_REQUIRES = re.compile(r"Requires ((?:`[a-z_:]+`(?:, | and )?)+)")
_SIZES = re.compile(
    r'"((?!apps-)(?:[a-z0-9_]+-)*(?:[0-9]+vcpu|gpu-[a-z0-9]+)-[0-9]+gb?|c2?-[0-9]+)"'
)
"""Slugs of sizes anywhere in the document."""
_SHOWS = (":read", ":view_credentials")
"""The suffix of scopes that show a field; others allow writing."""


def facts() -> dict[str, Any]:
    """The committed facts."""
    read: dict[str, Any] = json.loads(FACTS.read_text())
    return read


def derive(document: dict[str, Any]) -> dict[str, Any]:
    """The facts of a document: its calls, the schemas of their answers, and slugs of sizes."""
    calls = {
        f"{method.upper()} {path}": _call(document, item, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    }
    told = document.get("components", {}).get("schemas", {})
    schemas: dict[str, Any] = {}
    wanted = sorted({name for call in calls.values() for name in _names(call)})
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = _json_schema(told[name])
            wanted.extend(_names(schemas[name]))
    sizes: dict[str, Any] = {slug: {} for slug in _SIZES.findall(json.dumps(document))}
    return {"calls": calls, "schemas": schemas, "sizes": sizes}


def rendered(derived: dict[str, Any]) -> str:
    """The facts as text, one line per call and schema."""
    parts = []
    for part, entries in sorted(derived.items()):
        lines = [
            f"{json.dumps(name)}: {json.dumps(entries[name], sort_keys=True)}"
            for name in sorted(entries)
        ]
        parts.append(f"{json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _call(
    document: dict[str, Any], item: dict[str, Any], operation: dict[str, Any]
) -> dict[str, Any]:
    parameters = [
        _there(document, parameter)
        for parameter in [*item.get("parameters", ()), *operation.get("parameters", ())]
    ]
    call: dict[str, Any] = {
        "parameters": {
            parameter["name"]: {
                "in": parameter["in"],
                "required": bool(parameter.get("required", False)),
                "schema": _json_schema(parameter.get("schema", {})),
            }
            for parameter in parameters
        },
        "scopes": sorted(
            {
                scope
                for way in operation.get("security", document.get("security", ()))
                for scopes in way.values()
                for scope in scopes
            }
        ),
    }
    body = _content(_there(document, operation.get("requestBody", {})))
    if body is not None:
        call["needs"] = sorted(_required(document, body))
    answer = _content(_there(document, operation["responses"].get("200", {})))
    if answer is not None:
        call["answer"] = _json_schema(answer)
        if shown := dict(_shown_by_scopes(document, answer)):
            call["shown_by"] = shown
    return call


def _shown_by_scopes(
    document: dict[str, Any], schema: dict[str, Any], path: str = "", within: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """The dotted path of each field that needs a scope, with that scope.

    `droplets.tags` stands for all elements of a list. Members of such a field are hidden with it,
    and not listed.
    """
    reference = schema.get("$ref", "")
    if reference in within:
        return
    within = (*within, reference) if reference else within
    schema = _there(document, schema)
    for part in (part for word in _COMBINED for part in schema.get(word, ())):
        yield from _shown_by_scopes(document, part, path, within)
    if "items" in schema:
        yield from _shown_by_scopes(document, schema["items"], path, within)
    for name, member in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        if scope := _scope_of(document, member):
            yield below, scope
        else:
            yield from _shown_by_scopes(document, member, below, within)


def _scope_of(document: dict[str, Any], schema: dict[str, Any]) -> str | None:
    """The scope in a field's description."""
    words = str(schema.get("description", ""))
    schema = _there(document, schema)
    named = _REQUIRES.search(f"{words} {schema.get('description', '')}")
    scopes = named[1].split("`")[1::2] if named else ()
    own = next((scope for scope in scopes if scope.endswith(_SHOWS)), None)
    parts = (part for word in _COMBINED for part in schema.get(word, ()))
    return own or next((scope for part in parts if (scope := _scope_of(document, part))), None)


def _content(node: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a JSON body, if it has one."""
    schema: dict[str, Any] | None = (
        node.get("content", {}).get("application/json", {}).get("schema")
    )
    return schema


def _required(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The fields required in every form of a body."""
    schema = _there(document, schema)
    needed = set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        needed |= _required(document, part)
    for word in ("oneOf", "anyOf"):
        if parts := [_required(document, part) for part in schema.get(word, ())]:
            needed |= set.intersection(*parts)
    return needed


def _there(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference names."""
    while "$ref" in node:
        found: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _json_schema(node: Any, *, names: bool = False) -> Any:
    """OpenAPI 3.0 to JSON Schema: `nullable` becomes a type; texts and examples are left out."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {
        key: _json_schema(value, names=not names and key in _NAMED)
        for key, value in node.items()
        if names or not (key in _TEXTS or key.startswith("x-"))
    }
    if not names and node.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, schema]}
    return schema


def _names(node: Any) -> Iterator[str]:
    """The schemas that a schema refers to."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_SCHEMAS)
        for value in node.values():
            yield from _names(value)
    elif isinstance(node, list):
        for item in node:
            yield from _names(item)


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="digitalocean_facts")
    parser.add_argument("document", type=Path, help="DigitalOcean's OpenAPI document as JSON")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where stale")
    arguments = parser.parse_args()
    text = rendered(derive(json.loads(arguments.document.read_text())))
    if not arguments.check:
        FACTS.write_text(text)
    elif FACTS.read_text() != text:
        sys.stderr.write(f"{FACTS.name} is older than {arguments.document}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
