"""Converts errors of the provider and of services to Temporal failures.

The failure's type is the name of the error, for the UI. It is retryable only if a retry may
succeed.
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

BENIGN: Final = ApplicationErrorCategory.BENIGN
"""The category of expected failures, which are not logged as errors."""

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
    """Converts errors of the provider or service, raised in the block, to ApplicationError.

    Sets the run id as the request id, under which services log the calls.
    """
    if activity.in_activity():
        set_request_id(activity.info().workflow_run_id)
    try:
        yield
    except (ProviderError, UnreadableRow) as error:
        is_expected = isinstance(error, RateLimited | ResourceBusy)
        wait = error.retry_after_seconds if isinstance(error, RateLimited) else None
        raise ApplicationError(
            str(error),
            type=type(error).__name__,
            non_retryable=isinstance(error, UnreadableRow) or not error.retryable,
            next_retry_delay=None if wait is None else timedelta(seconds=wait),
            category=BENIGN if is_expected else ApplicationErrorCategory.UNSPECIFIED,
        ) from error
    except grpc.aio.AioRpcError as error:
        retryable = error.code() in WORTH_WAITING_FOR
        raise ApplicationError(
            f"{_named(service)} returned {error.code().name}: {error.details()}",
            type=f"{service.capitalize()}{'Unavailable' if retryable else 'Refused'}",
            non_retryable=not retryable,
        ) from None


def reason_of_refusal(error: grpc.aio.AioRpcError) -> str:
    """The reason of a service's error, such as `MALFORMED_CSV`; empty without one."""
    # Made for calls, but works for errors too: both have code, details and metadata.
    status = rpc_status.from_call(cast("grpc.Call", error))
    for detail in status.details if status is not None else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def _named(service: str) -> str:
    return "the inventory" if service == "inventory" else service
