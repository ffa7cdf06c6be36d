"""The errors of the API, each with DigitalOcean's status, id and body."""

import uuid
from typing import TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

__all__ = [
    "PENDING_EVENT",
    "ApiError",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "NotFound",
    "PreconditionFailed",
    "TooManyRequests",
    "Unauthorized",
    "Unprocessable",
    "error_response",
    "found",
    "render_error",
    "unexpected_response",
]


PENDING_EVENT = "Droplet already has a pending event."


class ApiError(Exception):
    """An error response; the subclasses have status, id and message."""

    status = 500
    error_id = "server_error"
    default_message = "Server was unable to give you a response."

    def __init_subclass__(cls, status: int, error_id: str, message: str) -> None:
        cls.status, cls.error_id, cls.default_message = status, error_id, message

    def __init__(self, message: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message or self.default_message)
        self.headers = headers or {}

    @property
    def message(self) -> str:
        """The text for the caller."""
        return str(self.args[0])


class BadRequest(
    ApiError, status=400, error_id="bad_request", message="The request could not be understood."
):
    """400: the request is malformed."""


class Unauthorized(
    ApiError, status=401, error_id="unauthorized", message="Unable to authenticate you"
):
    """401: no token, or an unknown one."""


class Forbidden(
    ApiError,
    status=403,
    error_id="forbidden",
    message="You are not authorized to perform this operation",
):
    """403: the token lacks the scope."""


class NotFound(
    ApiError,
    status=404,
    error_id="not_found",
    message="The resource you were accessing could not be found.",
):
    """404."""


class Conflict(
    ApiError,
    status=409,
    error_id="conflict",
    message="The request could not be completed due to a conflict.",
):
    """409: it exists already, or its state does not allow the request."""


class PreconditionFailed(
    ApiError,
    status=412,
    error_id="precondition_failed",
    message="A precondition of the request does not hold.",
):
    """412."""


class Unprocessable(
    ApiError,
    status=422,
    error_id="unprocessable_entity",
    message="The request could not be processed.",
):
    """422: the request is invalid."""


class TooManyRequests(
    ApiError, status=429, error_id="too_many_requests", message="API rate limit exceeded."
):
    """429."""


Found = TypeVar("Found")


def found(value: Found | None) -> Found:
    """What was looked for. Raises NotFound when it is not there."""
    if value is None:
        raise NotFound
    return value


def render_error(error_id: str, message: str) -> bytes:
    """The body of an error response, with a new request id."""
    return orjson.dumps({"id": error_id, "message": message, "request_id": str(uuid.uuid4())})


async def error_response(_request: Request, error: Exception) -> Response:
    """Responds to an `ApiError` raised in a route."""
    if not isinstance(error, ApiError):
        raise error
    body = render_error(error.error_id, error.message)
    return Response(body, error.status, error.headers, media_type="application/json")


async def unexpected_response(request: Request, error: Exception) -> Response:
    """Responds to an unexpected error with 500; the server logs it with its traceback.

    The control API names the error, for tests and benchmarks.
    """
    cause = f"{type(error).__name__}: {error}"
    message = cause if request.url.path.startswith("/_simulator") else ApiError.default_message
    return Response(
        render_error(ApiError.error_id, message), ApiError.status, media_type="application/json"
    )
