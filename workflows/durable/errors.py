"""How an error of the provider or of a service becomes one that Temporal can act upon.

The type of the failure is the name of the error, so that it can be told in the UI; it is
retried only where waiting helps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from kinds.unreadable import UnreadableRow
from providers.digitalocean.errors import ProviderError, RateLimited, ResourceBusy
from services.common.rpc.requests import set_request_id

__all__ = ["as_failures", "reason_of_refusal"]

WORTH_WAITING_FOR: Final = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    }
)


@contextmanager
def as_failures(service: str = "inventory") -> Iterator[None]:
    """Raises ApplicationError for what the provider or the named service answered inside.

    Services log what an activity asks under the id of its run.
    """
    if activity.in_activity():
        set_request_id(activity.info().workflow_run_id)
    try:
        yield
    except RateLimited as error:
        wait = error.retry_after_seconds
        raise ApplicationError(
            str(error),
            type=type(error).__name__,
            next_retry_delay=None if wait is None else timedelta(seconds=wait),
            category=ApplicationErrorCategory.BENIGN,
        ) from error
    except ResourceBusy as error:
        raise ApplicationError(
            str(error), type=type(error).__name__, category=ApplicationErrorCategory.BENIGN
        ) from error
    except ProviderError as error:
        raise ApplicationError(
            str(error), type=type(error).__name__, non_retryable=not error.retryable
        ) from error
    except UnreadableRow as error:
        raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
    except grpc.aio.AioRpcError as error:
        retryable = error.code() in WORTH_WAITING_FOR
        raise ApplicationError(
            f"{_named(service)} answered {error.code().name}: {error.details()}",
            type=f"{service.capitalize()}{'Unavailable' if retryable else 'Refused'}",
            non_retryable=not retryable,
        ) from None


def reason_of_refusal(error: grpc.aio.AioRpcError) -> str:
    """The stable name of what a service answered, as in `MALFORMED_CSV`; empty without one."""
    # Made for a call, and at home with an error too: both have code, details and metadata.
    status = rpc_status.from_call(cast("grpc.Call", error))
    for detail in status.details if status is not None else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def _named(service: str) -> str:
    return "the inventory" if service == "inventory" else service
