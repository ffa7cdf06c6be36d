"""Why something failed, in words, and when a run was planned."""

from datetime import datetime
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

__all__ = ["is_gone", "planned_at", "reason_of"]

SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def reason_of(error: BaseException) -> str:
    """The innermost failure: the outer ones only say that an activity failed."""
    innermost: BaseException = error
    while isinstance(innermost, FailureError) and innermost.cause is not None:
        innermost = innermost.cause
    if isinstance(innermost, ApplicationError):
        return f"{innermost.type}: {innermost.message}"
    return str(innermost)


def is_gone(error: ActivityError) -> bool:
    """Whether what an activity was to work on is not there at the provider."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == "NotFound"


def planned_at() -> datetime:
    """When the schedule wanted this run to start, which a retry does not change.

    For a run that no schedule started: when it started.
    """
    info = workflow.info()
    return info.typed_search_attributes.get(SCHEDULED) or info.start_time
