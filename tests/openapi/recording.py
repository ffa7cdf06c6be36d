"""Records examples for the OpenAPI document: `RECORD_EXAMPLES=1` writes them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from gateway.openapi.__main__ import EXAMPLES
from tests.openapi.contract import operation_of
from tests.openapi.redacting import Redaction

__all__ = ["examples_of", "record"]


def record(answers: Iterable[httpx.Response]) -> None:
    """Writes the examples, if it is asked for; then run `make protos`."""
    if os.environ.get("RECORD_EXAMPLES"):
        text = json.dumps(examples_of(answers), indent=1, ensure_ascii=False, sort_keys=True)
        Path(EXAMPLES).write_text(text + "\n")


def examples_of(answers: Iterable[httpx.Response]) -> dict[str, Any]:
    """The request and the response of each operation: of its successes, the one that says most."""
    redaction = Redaction()
    chosen: dict[str, tuple[int, Any]] = {}
    for answer in answers:
        operation = operation_of(answer.request.method, answer.request.url.path)
        if operation is None or answer.status_code >= 300:
            continue
        if "json" not in answer.headers["content-type"]:
            continue
        example = {"response": redaction.of(answer.json())}
        sent = answer.request.content
        if sent and "requestBody" in operation.described:
            example["request"] = redaction.of(json.loads(sent))
        size = len(json.dumps(example))
        if size > chosen.get(operation.name, (0, None))[0]:
            chosen[operation.name] = (size, example)
    return {name: example for name, (_, example) in chosen.items()}
