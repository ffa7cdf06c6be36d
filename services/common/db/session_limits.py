"""Timeouts of sessions: statements and idle transactions.

They are set on the roles and by every connection, so that they also apply to a database provisioned
elsewhere.
"""

from typing import Final

__all__ = ["IDLE_SECONDS", "SESSION_OPTIONS", "STATEMENT_SECONDS", "statement_milliseconds"]

STATEMENT_SECONDS: Final = 60
"""Timeout of a statement of a call without a deadline, and outside of calls."""

IDLE_SECONDS: Final = 300
"""Timeout of an idle transaction; an upload may wait for its sender."""

MAX_SECONDS: Final = 4 * 3600
"""Maximum timeout of a statement; the worker ingests a bill within it."""

SLACK_SECONDS: Final = 1.0
"""Added to the deadline of a call, so that the caller gets DEADLINE_EXCEEDED."""

SESSION_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
)
"""The `options` of a connection."""


def statement_milliseconds(remaining: float | None) -> str:
    """The `statement_timeout` of a call with `remaining` seconds; None without a deadline.

    A statement does not outlive its call. A bulk statement, such as an ingest's, may take longer
    because its caller waits longer.
    """
    if remaining is None:
        return str(STATEMENT_SECONDS * 1000)
    seconds = min(max(remaining, 0) + SLACK_SECONDS, MAX_SECONDS)
    return str(int(seconds * 1000))
