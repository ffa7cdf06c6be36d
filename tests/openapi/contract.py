"""Holds answers of the system against the OpenAPI document."""

import copy
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jsonschema
from jsonschema import Draft202012Validator

from gateway.documents import OPENAPI

__all__ = ["DOCUMENT", "Operation", "operation_of", "problems", "schema_problems"]

DOCUMENT: Any = json.loads(OPENAPI.read_text())
JSON = "application/json"
INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    template: str
    described: Any

    @property
    def name(self) -> str:
        return str(self.described["operationId"])

    @property
    def variables(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.template)


OPERATIONS = [
    Operation(method.upper(), template, described)
    for template, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that a request is for; a literal path precedes one with variables."""
    fitting = [
        each
        for each in OPERATIONS
        if each.method == method
        and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each.template)), path)
    ]
    return min(fitting, key=lambda each: len(each.variables), default=None)


def problems(answer: httpx.Response) -> list[str]:
    """What in an answer is not as the document describes it."""
    request = answer.request
    operation = operation_of(request.method, request.url.path)
    if operation is None:
        return [f"{request.method} {request.url.path} is not described"]
    here = f"{operation.name} {answer.status_code}"
    described = operation.described["responses"].get(str(answer.status_code))
    if described is None:
        return [f"{here}: the status is not described: {answer.text}"]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    kind = answer.headers["content-type"].partition(";")[0]
    if kind not in described["content"]:
        return [f"{here}: {kind} is not described"]
    found = []
    if answer.status_code >= 400:
        reason = answer.json()["details"][0]["reason"]
        general = re.sub("^QUOTA_.*", "QUOTA_<NAME>", reason)
        if general not in described["x-reasons"]:
            found.append(f"{here}: the reason {reason} is not described")
    if kind == JSON:
        found += [
            f"{here}: {each}"
            for each in schema_problems(described["content"][JSON]["schema"], answer.json())
        ]
    return found


def schema_problems(schema: Any, value: Any) -> list[str]:
    """Where a value is not as a schema of the document says; unknown fields too."""
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{INDEX.sub('[]', one.json_path)}: {one.message[:200]}" for one in errors]


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": _closed_components()}
    return Draft202012Validator(whole, format_checker=_formats())


@cache
def _closed_components() -> Any:
    """The components, in which objects have no other fields than the described ones."""
    components = copy.deepcopy(DOCUMENT["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return components


@cache
def _formats() -> jsonschema.FormatChecker:
    formats = jsonschema.FormatChecker(("date",))
    instant = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
    formats.checks("date-time")(lambda value: bool(instant.fullmatch(str(value))))
    formats.checks("int64")(lambda value: -(2**63) <= int(value) < 2**63)
    return formats
