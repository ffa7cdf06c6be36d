"""Reasons of failures, and the scheduled time of a run."""

from datetime import datetime
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

__all__ = ["NOT_FOUND", "failed_as", "final_failure", "planned_at", "reason_of"]

NOT_FOUND: Final = "NotFound"
"""The failure type if the object does not exist at the provider."""

SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def reason_of(error: BaseException) -> str:
    """The innermost failure, because outer ones only say that an activity failed."""
    while isinstance(error, FailureError) and error.cause is not None:
        error = error.cause
    return str(error)


def final_failure(kind: str, reason: str, *details: object) -> ApplicationError:
    """A failure that no retry may mend; its type and details are for the UI and for callers."""
    return ApplicationError(reason, *details, type=kind, non_retryable=True)


def failed_as(error: BaseException, kind: str) -> bool:
    """Whether an activity failed with an error of this type, such as the provider's `NotFound`."""
    cause = error.cause if isinstance(error, ActivityError) else None
    return isinstance(cause, ApplicationError) and cause.type == kind


def planned_at() -> datetime:
    """The scheduled start of this run, which a retry does not change.

    Without a schedule, the actual start.
    """
    info = workflow.info()
    return info.typed_search_attributes.get(SCHEDULED) or info.start_time
