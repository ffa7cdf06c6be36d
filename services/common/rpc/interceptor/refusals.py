"""The status of a refused call; the text of an unexpected error stays in the log."""

from typing import Any

import grpc

from services.common.errors import (
    HTTP_STATUS_KEY,
    ArcadiaError,
    Internal,
    Unimplemented,
    to_status,
)

__all__ = ["abort", "error_of", "release"]


async def abort(error: ArcadiaError, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    """Aborts a call with the status of an error.

    It returns normally: gRPC stores the exception that `abort` raises and ends the call with it.
    The handler must not re-raise it, because its traceback references the request and the call
    references the exception, which is a reference cycle.
    """
    answer = to_status(error)
    trailing = (*(answer.trailing_metadata or ()), *error.headers.items())
    if error.http_status is not None:
        trailing = (*trailing, (HTTP_STATUS_KEY, str(error.http_status)))
    try:
        await context.abort(answer.code, answer.details, trailing)
    except grpc.aio.AbortError as aborted:
        release(aborted)


def release(aborted: grpc.aio.AbortError) -> None:
    """Removes the references from gRPC's stored exception to the request.

    These are the handled error and the traceback frames.
    """
    aborted.__traceback__ = aborted.__context__ = None


def error_of(error: BaseException) -> ArcadiaError:
    """Converts an exception to an error of this system."""
    if isinstance(error, ArcadiaError):
        return error
    if isinstance(error, NotImplementedError):  # raised by the generated base class
        return Unimplemented()
    return Internal()
