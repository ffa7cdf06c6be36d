"""The error responses of operations: their schema, and their reasons by HTTP status."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.openapi.reasons import Reason, by_status
from gateway.replies import CODES, REPLIES

__all__ = ["COMPONENTS", "HEADERS", "RESPONSES", "own_problems", "shared_problems"]

STATUSES: Final[Mapping[int, int]] = {
    # As the gateway translates gRPC codes, which it documents in docs/http.md.
    3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 422, 10: 409, 12: 501, 13: 500, 14: 503,
    16: 401, 2: 500,
}  # fmt: skip  # a table

MEANINGS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("BadRequest", "The request is malformed: a field, a parameter or the path"),
    401: ("Unauthenticated", "The token is missing or invalid"),
    403: ("PermissionDenied", "The token is valid, but lacks a role or a tenant"),
    404: ("NotFound", "The object does not exist or belongs to another tenant"),
    409: ("Conflict", "The name or the key is taken, or a concurrent write was first"),
    413: ("TooLarge", "The request, or what it asks for, is too large"),
    422: ("FailedPrecondition", "The state does not permit this; nothing was changed"),
    429: ("TooManyRequests", "Too many requests, or a limit of the tenant is used up"),
    500: ("Internal", "An error in arcadia-cloud; report it with the request ID"),
    501: ("Unimplemented", "This release does not implement the call"),
    503: ("Unavailable", "A service, or something it depends on, is down; retry later"),
    504: ("DeadlineExceeded", "The call took too long; a write may or may not have been done"),
}
"""The name and the meaning of each status."""

GATEWAYS: Final[Mapping[int, frozenset[str]]] = {
    status: frozenset(each.reason for each in REPLIES if each.http_status == status)
    for status in CODES
}
SHARED: Final[Mapping[int, frozenset[str]]] = {
    401: GATEWAYS[401]
    | {"KEY_INVALID", "KEY_EXPIRED", "KEY_MALFORMED", "TOKEN_REVOKED", "TOKEN_TYPE"},
    403: frozenset({"OPERATOR_ONLY", "ROLE_REQUIRED", "TENANT_REQUIRED"}),
    429: GATEWAYS[429] | {"TOO_MANY_CALLS", "TOO_MANY_UNKNOWN_KEYS"},
    500: frozenset({"INTERNAL"}),
    503: GATEWAYS[503]
    | {"DATABASE_BUSY", "DATABASE_DOWN", "DATABASE_FULL", "IDENTITY_UNAVAILABLE", "TEMPORAL_DOWN"},
    504: GATEWAYS[504],
}
"""Reasons that do not depend on the operation."""

OF_EVERY_BODY: Final = frozenset({"UNKNOWN_FIELD", "DUPLICATE_FIELD"})

STATUS: Final = {"$ref": "#/components/schemas/Error"}
ANY_TYPE: Final = "type.googleapis.com/google.rpc."
TEXT: Final = {"type": "string"}

HEADERS: Final[dict[str, dict[str, Any]]] = {
    "RequestId": {
        "description": "The ID of the request, which is in all logs: the sent one, or a new one.",
        "schema": TEXT,
    },
    "RetryAfter": {
        "description": "The seconds to wait before the next request.",
        "schema": {"type": "integer", "minimum": 0},
    },
}


def _detail(name: str, comment: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    kind = {"type": "string", "const": f"{ANY_TYPE}{name}"}
    return {
        "type": "object",
        "description": comment,
        "required": ["@type", *properties],
        "properties": {"@type": kind, **properties},
    }


def _rows(**properties: str) -> dict[str, Any]:
    row = {name: {"type": "string", "description": text} for name, text in properties.items()}
    return {"type": "array", "items": {"type": "object", "properties": row}}


COMPONENTS: Final[dict[str, dict[str, Any]]] = {
    "Error": {
        "type": "object",
        "description": "An error, as `google.rpc.Status`.",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "The gRPC status code."},
            "message": {
                "type": "string",
                "description": "For people; names the field that is wrong.",
            },
            "details": {
                "type": "array",
                "description": "The first one is an `ErrorInfo`, with the reason.",
                "items": {
                    "oneOf": [
                        {"$ref": f"#/components/schemas/{name}"}
                        for name in ("ErrorInfo", "BadRequest", "QuotaFailure", "RetryInfo")
                    ]
                },
            },
        },
    },
    "ErrorInfo": _detail(
        "ErrorInfo",
        "Why a request failed, for programs.",
        {
            "reason": {
                "type": "string",
                "pattern": "^[A-Z][A-Z0-9_]*$",
                "description": "The stable name of the error.",
            },
            "domain": {"type": "string", "description": "Always `arcadia`."},
            "metadata": {
                "type": "object",
                "description": "Values that the message names, such as `field` or `id`.",
                "additionalProperties": TEXT,
            },
        },
    ),
    "BadRequest": _detail(
        "BadRequest",
        "The fields that are wrong.",
        {
            "field_violations": _rows(
                field="The path of the field, such as `usage[0].qty`.",
                description="What is wrong with it.",
            )
        },
    ),
    "QuotaFailure": _detail(
        "QuotaFailure",
        "The limit of a tenant that is used up.",
        {"violations": _rows(subject="Such as `tenant:acme`.", description="The limit.")},
    ),
    "RetryInfo": _detail(
        "RetryInfo",
        "When to send the request again.",
        {"retry_delay": {"type": "string", "description": "The time to wait, such as `1s`."}},
    ),
}
"""The schemas of errors."""


def _response(status: int, reasons: Iterable[str]) -> dict[str, Any]:
    _, meaning = MEANINGS[status]
    names = sorted(reasons)
    listed = f". Reasons: {', '.join(f'`{name}`' for name in names)}." if names else "."
    headers = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
    if status == 429:
        headers["retry-after"] = {"$ref": "#/components/headers/RetryAfter"}
    return {
        "description": f"{meaning}{listed}",
        "headers": headers,
        "content": {"application/json": {"schema": STATUS}},
        "x-reasons": names,
    }


RESPONSES: Final = {MEANINGS[status][0]: _response(status, SHARED[status]) for status in SHARED}
"""The responses that many operations share."""


def shared_problems(statuses: Sequence[int]) -> dict[str, Any]:
    """References to shared responses by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{MEANINGS[status][0]}"}
        for status in statuses
    }


def own_problems(
    reasons: Iterable[Reason], *, has_body: bool, shared: Sequence[int]
) -> dict[str, Any]:
    """The error responses of an operation by status: shared unless it has reasons of its own."""
    found = {status: set(names) for status, names in by_status(reasons, STATUSES).items()}
    found.pop(501, None)  # every declared call is implemented
    found.setdefault(400, set()).update({"INVALID_ARGUMENT"}, OF_EVERY_BODY if has_body else ())
    if has_body:
        found.setdefault(413, set()).add("REQUEST_TOO_LARGE")
    for status in [status for status in found if status in SHARED]:
        if status in shared and found[status] - SHARED[status]:
            found[status] |= SHARED[status]
        elif status in shared or status == 401:  # a public operation reads no token
            del found[status]
    own = {str(status): _response(status, names) for status, names in found.items()}
    return dict(sorted((shared_problems(shared) | own).items()))
