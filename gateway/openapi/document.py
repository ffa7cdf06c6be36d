"""The OpenAPI document of the HTTP API, generated from the protos."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.openapi.declared import Declared
from gateway.openapi.operations import KEY_PARAMETER, SECURITY_SCHEMES, Operations, tag_of
from gateway.openapi.problems import COMPONENTS, HEADERS, RESPONSES
from gateway.openapi.reasons import reasons_of_methods
from gateway.openapi.schemas import Schemas
from gateway.routes import read_rpcs

__all__ = ["openapi_document"]

INFO: Final = {
    "title": "arcadia-cloud",
    "version": "1",
    "summary": "The back office of a cloud reseller.",
    "description": (
        "Inventory, drift, provider costs, pricing, billing and margin.\n\n"
        "Amounts of money are whole minor units of the currency, in fields named `*_cents`; 64-bit"
        " integers are JSON strings, and exact decimals are strings too: do not parse them as"
        " floats. Instants are RFC 3339 in UTC, days are ISO 8601, and spans are half-open."
        " Responses include empty fields; only unset objects, instants and optional values are"
        " omitted.\n\n"
        "Lists are paged: pass `next_page_token` of a page as `page_token` to get the next one,"
        " with the same filters; the last page has an empty token.\n\n"
        "Writes take the header `Idempotency-Key`, or `request_id` in the body. Unknown parameters"
        " and fields are refused. Errors have a stable `reason` in their `ErrorInfo`."
    ),
    "contact": {"name": "The operator of this deployment"},
    "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
}


def openapi_document(descriptors: Path, examples: Mapping[str, Any]) -> dict[str, Any]:
    """The document for a descriptor set with source information.

    `examples` are recorded requests and responses by operation. Raises ValueError if two exposed
    RPCs or messages have the same name.
    """
    declared = Declared.read(descriptors.read_bytes())
    schemas = Schemas(declared)
    operations = Operations(declared, schemas, reasons_of_methods(), examples)
    paths: dict[str, dict[str, Any]] = {}
    services: set[str] = set()
    for rpc in read_rpcs(descriptors):
        if not rpc.shown:
            continue
        for binding in rpc.bindings:
            services.add(rpc.service)
            methods = paths.setdefault(binding.template, {})
            methods[binding.http_method.lower()] = operations.of(rpc, binding)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/", "description": "The gateway that serves this document."}],
        "tags": [
            {"name": name, "description": declared.services[service].comment}
            for name, service in sorted((tag_of(service), service) for service in services)
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted((schemas.components | COMPONENTS).items())),
            "responses": RESPONSES,
            "parameters": {"IdempotencyKey": KEY_PARAMETER},
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
