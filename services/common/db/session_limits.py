"""How long a session may hold on to the server: a statement, and a transaction that does nothing.

The roles have these limits, and every connection asks for them, so that a database that was
provisioned elsewhere has them too.
"""

from typing import Final

__all__ = ["IDLE_SECONDS", "SESSION_OPTIONS", "STATEMENT_SECONDS", "statement_milliseconds"]

STATEMENT_SECONDS: Final = 60
"""For a statement of a call that has no deadline, and outside of calls."""

IDLE_SECONDS: Final = 300
"""For a transaction between two statements: an upload may wait for its sender meanwhile."""

MAX_SECONDS: Final = 4 * 3600
"""For a statement of any call; the worker reads a provider's bill within it."""

SLACK_SECONDS: Final = 1.0
"""After the deadline of a call, so that it is the deadline that the caller is told of."""

SESSION_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
)
"""The `options` of a connection."""


def statement_milliseconds(remaining: float | None) -> str:
    """The `statement_timeout` of a call that has `remaining` seconds, None without a deadline.

    A statement does not outlive its call. A long one, such as the bulk work of an ingest, may
    take longer than other sessions may because its caller waits longer.
    """
    if remaining is None:
        return str(STATEMENT_SECONDS * 1000)
    seconds = min(max(remaining, 0) + SLACK_SECONDS, MAX_SECONDS)
    return str(int(seconds * 1000))
