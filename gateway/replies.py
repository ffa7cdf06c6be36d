"""What the gateway itself answers when it lets nothing through, in the words of the services.

Envoy's own replies become `google.rpc.Status` as JSON, as the services' errors are: the
code of gRPC, a message, and an `ErrorInfo` whose reason a program may rely on. Where a
service refuses the same thing, the reason is the same.
"""

from dataclasses import dataclass
from typing import Final

from google.rpc import code_pb2

from services.common.errors import DOMAIN

__all__ = ["ENVOY_WORDS", "REPLIES", "Reply"]

ENVOY_WORDS: Final = "%LOCAL_REPLY_BODY%"
"""Envoy's own message, where it names the field that is to blame."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one kind of reply is told."""

    when: str
    """A CEL expression over Envoy's attributes of the response."""
    http_status: int | None
    """The HTTP status; Envoy's own when None."""
    code: int
    """The code of gRPC."""
    reason: str
    message: str

    @property
    def body(self) -> dict[str, object]:
        """The JSON body, in Envoy's format of formats."""
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.reason,
            "domain": DOMAIN,
            "metadata": {},
        }
        return {"code": self.code, "message": self.message, "details": [info]}


def _details(text: str) -> str:
    return f"response.code_details.contains('{text}')"


def _status(status: int) -> str:
    return f"response.code == {status}"


def _token(when: str, reason: str, message: str) -> Reply:
    return Reply(when, 401, code_pb2.UNAUTHENTICATED, reason, message)


REPLIES: Final = (
    _token(_details("Jwt_is_missing"), "TOKEN_MISSING", "a token is required"),
    _token(_details("Jwt_is_expired"), "TOKEN_EXPIRED", "the token has expired"),
    _token(_details("Jwt_is_not_in_the_form"), "TOKEN_MALFORMED", "the token is not a JWT"),
    # Envoy answers 403 for a wrong audience; to the caller it is a bad token like any other.
    _token(_details("jwt_authn_access_denied"), "TOKEN_INVALID", "the token is not valid"),
    Reply(
        _details("rbac_access_denied"),
        405,
        code_pb2.UNIMPLEMENTED,
        "METHOD_NOT_ALLOWED",
        "CONNECT is not taken",
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
        ENVOY_WORDS,
    ),
    Reply(
        _status(400),
        400,
        code_pb2.INVALID_ARGUMENT,
        "REQUEST_MALFORMED",
        "the request is not valid HTTP, or has a header with an underscore",
    ),
    Reply(
        _status(404),
        404,
        code_pb2.NOT_FOUND,
        "ROUTE_NOT_FOUND",
        "nothing answers this method and path",
    ),
    Reply(
        _status(408),
        408,
        code_pb2.DEADLINE_EXCEEDED,
        "REQUEST_TIMEOUT",
        "the request did not arrive in time",
    ),
    Reply(
        _status(413),
        413,
        code_pb2.RESOURCE_EXHAUSTED,
        "REQUEST_TOO_LARGE",
        "the body of the request is too large",
    ),
    Reply(
        _status(426),
        426,
        code_pb2.FAILED_PRECONDITION,
        "HTTP_VERSION",
        "HTTP/1.1 or HTTP/2 is required",
    ),
    Reply(
        _status(429),
        429,
        code_pb2.RESOURCE_EXHAUSTED,
        "RATE_LIMITED",
        "too many requests; wait as long as retry-after says",
    ),
    Reply(
        _status(431),
        431,
        code_pb2.RESOURCE_EXHAUSTED,
        "HEADERS_TOO_LARGE",
        "the headers of the request are too large or too many",
    ),
    Reply(
        f"{_status(502)} || {_status(503)}",
        503,
        code_pb2.UNAVAILABLE,
        "SERVICE_UNAVAILABLE",
        "the service that answers this is down; the same call may succeed later",
    ),
    Reply(
        _status(504),
        504,
        code_pb2.DEADLINE_EXCEEDED,
        "DEADLINE_EXCEEDED",
        "the service did not answer in time",
    ),
    # Whatever else Envoy may say: the status stays, the words are for the log.
    Reply(
        "response.code < 500",
        None,
        code_pb2.INVALID_ARGUMENT,
        "REQUEST_REFUSED",
        "the gateway does not take such a request",
    ),
    Reply("true", None, code_pb2.INTERNAL, "GATEWAY_ERROR", "the gateway could not answer"),
)
"""In this order: the first whose condition holds is told."""
