"""Why something failed, in words, and when a run was planned."""

from datetime import datetime
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

__all__ = ["NOT_FOUND", "failed_as", "planned_at", "reason_of"]

NOT_FOUND: Final = "NotFound"
"""What an activity was to work on is not there at the provider."""

SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def reason_of(error: BaseException) -> str:
    """The innermost failure: the outer ones only say that an activity failed."""
    while isinstance(error, FailureError) and error.cause is not None:
        error = error.cause
    return str(error)


def failed_as(error: BaseException, kind: str) -> bool:
    """Whether an activity failed with an error of this type, such as the provider's `NotFound`."""
    cause = error.cause if isinstance(error, ActivityError) else None
    return isinstance(cause, ApplicationError) and cause.type == kind


def planned_at() -> datetime:
    """When the schedule wanted this run to start, which a retry does not change.

    For a run that no schedule started: when it started.
    """
    info = workflow.info()
    return info.typed_search_attributes.get(SCHEDULED) or info.start_time
