"""`python -m gateway.openapi.breaking`: fails if the document breaks callers of the last release.

The last release is the newest tag `v*` of the repository; without one, nothing is compared.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.documents import OPENAPI

__all__ = ["breaking_changes"]

ROOT: Final = Path(__file__).resolve().parents[2]
METHODS: Final = ("get", "post", "put", "patch", "delete")
FORM: Final = ("type", "format", "pattern", "contentEncoding")

Document = Mapping[str, Any]


def breaking_changes(old: Document, new: Document) -> list[str]:
    """What a caller of the old document can no longer do or read.

    A new operation, an optional parameter or field of a request, and a new field of a response or
    value in it break nobody.
    """
    return [
        f"{method.upper()} {path}: {change}"
        for path, methods in old["paths"].items()
        for method in METHODS
        if method in methods
        for change in _of_operation(
            _Pair(old, new), methods[method], new["paths"].get(path, {}).get(method)
        )
    ]


class _Pair:
    """Two documents, whose schemas are compared each once."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._compared: set[tuple[str, bool]] = set()

    def schemas(self, old: Any, new: Any, where: str, *, given: bool) -> Iterator[str]:
        """Changes of a schema; `given` is for requests."""
        if "$ref" in old:
            if (old["$ref"], given) in self._compared:
                return
            self._compared.add((old["$ref"], given))
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        if any(old.get(key) != new.get(key) for key in FORM):
            yield f"{where} has another form"
        if given and set(new.get("enum", ())) < set(old.get("enum", ())):
            yield f"{where} takes fewer values"
        before, after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(after - before if given else before - after):
            yield f"{where}.{name} is {'now required' if given else 'not always there any more'}"
        for name, field in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{where}.{name} is removed"
            else:
                inner = f"{where}.{name}"
                yield from self.schemas(field, new["properties"][name], inner, given=given)
        for key in ("items", "additionalProperties"):
            if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
                yield from self.schemas(old[key], new[key], f"{where}[]", given=given)


def _of_operation(pair: _Pair, old: Any, new: Any) -> Iterator[str]:
    if new is None:
        yield "is removed"
        return
    if old["operationId"] != new["operationId"]:
        yield f"is no longer named {old['operationId']}"
    yield from _of_parameters(pair, _parameters(old), _parameters(new))
    for kind, body in old.get("requestBody", {}).get("content", {}).items():
        taken = new.get("requestBody", {}).get("content", {}).get(kind)
        if taken is None:
            yield f"takes no {kind} any more"
        else:
            yield from pair.schemas(body["schema"], taken["schema"], "request", given=True)
    for status, response in old["responses"].items():
        if status.startswith("2"):
            yield from _of_response(pair, status, response, new["responses"].get(status))


def _of_parameters(pair: _Pair, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"the parameter {name} is removed"
    for name, parameter in new.items():
        where = f"the parameter {name}"
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"{where} is now required"
        elif name in old:
            yield from pair.schemas(old[name]["schema"], parameter["schema"], where, given=True)


def _of_response(pair: _Pair, status: str, old: Any, new: Any) -> Iterator[str]:
    if new is None:
        yield f"does not return {status} any more"
        return
    for kind, content in old["content"].items():
        if kind not in new["content"]:
            yield f"returns no {kind} any more"
        elif "schema" in content:
            returned = new["content"][kind]["schema"]
            yield from pair.schemas(content["schema"], returned, "response", given=False)


def _parameters(operation: Any) -> dict[str, Any]:
    return {one["name"]: one for one in operation.get("parameters", ()) if "name" in one}


def _resolved(document: Document, schema: Any) -> Any:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _released() -> Document | None:
    """The document of the last release; None before the first one."""
    path = str(OPENAPI.relative_to(ROOT))
    tag = _git("describe", "--tags", "--abbrev=0", "--match", "v*")
    text = _git("show", f"{tag}:{path}") if tag else ""
    return json.loads(text) if text else None


def _git(*arguments: str) -> str:
    ended = subprocess.run(
        ["git", *arguments],  # noqa: S607 -- whichever git the developer has
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""


def main() -> int:
    """Prints the breaking changes since the last release; 0 when there are none."""
    released = _released()
    found = breaking_changes(released, json.loads(OPENAPI.read_text())) if released else []
    for change in found:
        print(f"protos/gen/openapi.json: {change}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
