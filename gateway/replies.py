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


_EXHAUSTED: Final = code_pb2.RESOURCE_EXHAUSTED


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


def _details(text: str) -> str:
    return f"response.code_details.contains('{text}')"


def _token(details: str, reason: str, message: str) -> Reply:
    return Reply(_details(details), 401, code_pb2.UNAUTHENTICATED, reason, message)


def _when(status: int, code: int, reason: str, message: str) -> Reply:
    """The reply for an HTTP status of Envoy."""
    return Reply(f"response.code == {status}", status, code, reason, message)


REPLIES: Final = (
    _token("Jwt_is_missing", "TOKEN_MISSING", "a token is required"),
    _token("Jwt_is_expired", "TOKEN_EXPIRED", "the token has expired"),
    _token("Jwt_is_not_in_the_form", "TOKEN_MALFORMED", "the token is not a JWT"),
    # Envoy returns 403 for a wrong audience; for the caller it is an invalid token.
    _token("jwt_authn_access_denied", "TOKEN_INVALID", "the token is not valid"),
    Reply(
        _details("rbac_access_denied_matched_policy[too_large]"),
        413,
        _EXHAUSTED,
        "REQUEST_TOO_LARGE",
        "the body of the request is too large",
    ),
    Reply(
        _details("rbac_access_denied"),
        405,
        code_pb2.UNIMPLEMENTED,
        "METHOD_NOT_ALLOWED",
        "CONNECT is not supported",
    ),
    Reply(
        _details("path_normalization_failed"),
        400,
        code_pb2.INVALID_ARGUMENT,
        "PATH_REFUSED",
        "the path has an escaped slash or a fragment",
    ),
    Reply(
        _details("transcode_failure{INVALID_ARGUMENT}"),
        400,
        code_pb2.INVALID_ARGUMENT,
        "INVALID_ARGUMENT",
        ENVOY_MESSAGE,
    ),
    _when(
        400,
        code_pb2.INVALID_ARGUMENT,
        "REQUEST_MALFORMED",
        "the request is not valid HTTP, or has a header with an underscore",
    ),
    _when(404, code_pb2.NOT_FOUND, "ROUTE_NOT_FOUND", "there is no route for this path"),
    _when(408, code_pb2.DEADLINE_EXCEEDED, "REQUEST_TIMEOUT", "the request did not arrive in time"),
    _when(413, _EXHAUSTED, "REQUEST_TOO_LARGE", "the body of the request is too large"),
    _when(426, code_pb2.FAILED_PRECONDITION, "HTTP_VERSION", "HTTP/1.1 or HTTP/2 is required"),
    _when(
        429,
        _EXHAUSTED,
        "RATE_LIMITED",
        "too many requests, or too many bytes of requests; wait for the time in retry-after",
    ),
    _when(
        431,
        _EXHAUSTED,
        "HEADERS_TOO_LARGE",
        "the headers of the request are too large or too many",
    ),
    _when(
        501,
        code_pb2.UNIMPLEMENTED,
        "TRANSFER_CODING_UNKNOWN",
        "the only supported transfer coding is chunked",
    ),
    Reply(
        "response.code == 502 || response.code == 503",
        503,
        code_pb2.UNAVAILABLE,
        "SERVICE_UNAVAILABLE",
        "the service is unavailable; retry later",
    ),
    _when(
        504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the service did not respond in time"
    ),
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
