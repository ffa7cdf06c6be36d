"""The gateway's own error replies, in the format of the services' errors.

Envoy's replies are converted to `google.rpc.Status` as JSON: the gRPC code, a message, and an
`ErrorInfo` with a stable reason, the same as the services'.
"""

from dataclasses import dataclass
from typing import Final

from google.rpc import code_pb2

from services.common.errors import DOMAIN

__all__ = ["ENVOY_MESSAGE", "REPLIES", "Reply"]

ENVOY_MESSAGE: Final = "%LOCAL_REPLY_BODY%"
"""Envoy's message, which names the field."""


CODES: Final = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    404: code_pb2.NOT_FOUND,
    405: code_pb2.UNIMPLEMENTED,
    408: code_pb2.DEADLINE_EXCEEDED,
    413: code_pb2.RESOURCE_EXHAUSTED,
    426: code_pb2.FAILED_PRECONDITION,
    429: code_pb2.RESOURCE_EXHAUSTED,
    431: code_pb2.RESOURCE_EXHAUSTED,
    501: code_pb2.UNIMPLEMENTED,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}
"""The code of gRPC for each status."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An error reply of the gateway."""

    when: str
    """A CEL expression over Envoy's response attributes."""
    http_status: int | None
    """The HTTP status; None keeps Envoy's."""
    code: int
    """The gRPC code."""
    reason: str
    message: str

    @property
    def body(self) -> dict[str, object]:
        """The JSON body, for Envoy's `json_format`."""
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.reason,
            "domain": DOMAIN,
            "metadata": {},
        }
        return {"code": self.code, "message": self.message, "details": [info]}


def _on(when: str, status: int, reason: str, message: str) -> Reply:
    return Reply(when, status, CODES[status], reason, message)


def _details(text: str, status: int, reason: str, message: str) -> Reply:
    """The reply where Envoy's details of its own have a text."""
    return _on(f"response.code_details.contains('{text}')", status, reason, message)


def _when(status: int, reason: str, message: str) -> Reply:
    """The reply for an HTTP status of Envoy."""
    return _on(f"response.code == {status}", status, reason, message)


ESCAPED: Final = "the path has an escaped slash or a fragment"
MALFORMED: Final = "the request is not valid HTTP, or has a header with an underscore"
TOO_MANY: Final = (
    "too many requests, or too many bytes of requests; wait for the time in retry-after"
)
TOO_LARGE: Final = "the body of the request is too large"
DOWN: Final = "response.code == 502 || response.code == 503"

REPLIES: Final = (
    _details("Jwt_is_missing", 401, "TOKEN_MISSING", "a token is required"),
    _details("Jwt_is_expired", 401, "TOKEN_EXPIRED", "the token has expired"),
    _details("Jwt_is_not_in_the_form", 401, "TOKEN_MALFORMED", "the token is not a JWT"),
    # Envoy returns 403 for a wrong audience; for the caller it is an invalid token.
    _details("jwt_authn_access_denied", 401, "TOKEN_INVALID", "the token is not valid"),
    _details("rbac_access_denied_matched_policy[too_large]", 413, "REQUEST_TOO_LARGE", TOO_LARGE),
    _details("rbac_access_denied", 405, "METHOD_NOT_ALLOWED", "CONNECT is not supported"),
    _details("path_normalization_failed", 400, "PATH_REFUSED", ESCAPED),
    _details("transcode_failure{INVALID_ARGUMENT}", 400, "INVALID_ARGUMENT", ENVOY_MESSAGE),
    _when(400, "REQUEST_MALFORMED", MALFORMED),
    _when(404, "ROUTE_NOT_FOUND", "there is no route for this path"),
    _when(408, "REQUEST_TIMEOUT", "the request did not arrive in time"),
    _when(413, "REQUEST_TOO_LARGE", TOO_LARGE),
    _when(426, "HTTP_VERSION", "HTTP/1.1 or HTTP/2 is required"),
    _when(429, "RATE_LIMITED", TOO_MANY),
    _when(431, "HEADERS_TOO_LARGE", "the headers of the request are too large or too many"),
    _when(501, "TRANSFER_CODING_UNKNOWN", "the only supported transfer coding is chunked"),
    _on(DOWN, 503, "SERVICE_UNAVAILABLE", "the service is unavailable; retry later"),
    _when(504, "DEADLINE_EXCEEDED", "the service did not respond in time"),
    # For any other reply: keeps the status; the details are only in the log.
    Reply(
        "response.code < 500",
        None,
        code_pb2.INVALID_ARGUMENT,
        "REQUEST_REFUSED",
        "the gateway rejected the request",
    ),
    Reply("true", None, code_pb2.INTERNAL, "GATEWAY_ERROR", "internal error of the gateway"),
)
"""The first one whose condition holds is sent."""
