"""The errors of the API, each with DigitalOcean's status, id and body."""

import uuid

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
    "render_error",
    "unexpected_response",
]


PENDING_EVENT = "Droplet already has a pending event."


class ApiError(Exception):
    """An answer that is not a success; the subclasses give status and id."""

    status = 500
    error_id = "server_error"
    default_message = "Server was unable to give you a response."

    def __init__(self, message: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message or self.default_message)
        self.headers = headers or {}

    @property
    def message(self) -> str:
        """The text for the caller."""
        return str(self.args[0])


class BadRequest(ApiError):  # named by the API's own ids
    """400: the request cannot be read."""

    status = 400
    error_id = "bad_request"
    default_message = "The request could not be understood."


class Unauthorized(ApiError):
    """401: no token, or an unknown one."""

    status = 401
    error_id = "unauthorized"
    default_message = "Unable to authenticate you"


class Forbidden(ApiError):
    """403: the token lacks the scope."""

    status = 403
    error_id = "forbidden"
    default_message = "You are not authorized to perform this operation"


class NotFound(ApiError):
    """404."""

    status = 404
    error_id = "not_found"
    default_message = "The resource you were accessing could not be found."


class Conflict(ApiError):
    """409: it exists already, or its state forbids the request."""

    status = 409
    error_id = "conflict"
    default_message = "The request could not be completed due to a conflict."


class PreconditionFailed(ApiError):
    """412."""

    status = 412
    error_id = "precondition_failed"
    default_message = "A precondition of the request does not hold."


class Unprocessable(ApiError):
    """422: readable, but not acceptable."""

    status = 422
    error_id = "unprocessable_entity"
    default_message = "The request could not be processed."


class TooManyRequests(ApiError):
    """429."""

    status = 429
    error_id = "too_many_requests"
    default_message = "API rate limit exceeded."


def render_error(error_id: str, message: str) -> bytes:
    """The body of an error answer, with a request id of its own."""
    return orjson.dumps({"id": error_id, "message": message, "request_id": str(uuid.uuid4())})


async def error_response(_request: Request, error: Exception) -> Response:
    """Answer an `ApiError` raised anywhere below the routes."""
    if not isinstance(error, ApiError):
        raise error
    return Response(
        render_error(error.error_id, error.message),
        status_code=error.status,
        headers=error.headers,
        media_type="application/json",
    )


async def unexpected_response(request: Request, error: Exception) -> Response:
    """Answer an error that nobody expected; the server logs it with its traceback.

    The control API says which it was: its callers are tests and benches that look for it.
    """
    told = f"{type(error).__name__}: {error}"
    message = told if request.url.path.startswith("/_simulator") else ApiError.default_message
    return Response(
        render_error(ApiError.error_id, message), ApiError.status, media_type="application/json"
    )
