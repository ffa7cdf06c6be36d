"""Errors of calls to DigitalOcean's API.

    ProviderError
    ├── CredentialsRefused     401: the token is wrong, expired or missing
    ├── AccessDenied           403: the token lacks the scope
    ├── NotFound               404 in the API's own words: there is no such thing, or not yet
    ├── RequestRefused         any other 4xx: what we asked for is not acceptable
    │   ├── NameTaken          409, or 422 that speaks of a name in use
    │   └── ResourceBusy       422 that speaks of a pending event, or locked for too long
    ├── ActionFailed           an action that the provider took up ended in an error
    ├── DuplicateObjects              what was to be made once is there several times
    ├── RateLimited            429, or our own budget is spent for long
    ├── ProviderUnavailable    5xx, a 404 of a proxy, a broken connection, a truncated body
    ├── TooLarge               more than we read at once
    └── MalformedAnswer        a 2xx answer that is not what the API documents
        └── PagingLoop         the next page is not after this one

A row of a listing that cannot be read is `kinds.unreadable.UnreadableRow`: the others can.

An answer that cannot be parsed is an error, never an empty list, which would tell the caller
that the account is empty.
"""

from typing import ClassVar

__all__ = [
    "AccessDenied",
    "ActionFailed",
    "CredentialsRefused",
    "DuplicateObjects",
    "MalformedAnswer",
    "NameTaken",
    "NotFound",
    "PagingLoop",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "RequestRefused",
    "ResourceBusy",
    "TooLarge",
]


class ProviderError(Exception):
    """Anything that DigitalOcean answers instead of what was asked."""

    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later without anyone doing something."""


class CredentialsRefused(ProviderError):
    """401: the token is wrong, expired or missing."""


class AccessDenied(ProviderError):
    """403: the token lacks the scope for this."""


class NotFound(ProviderError):
    """404 with the API's own error body: there is no such thing, or not yet after it was made."""


class RequestRefused(ProviderError):
    """Any other 4xx: what we asked for is not acceptable."""


class NameTaken(RequestRefused):
    """What we wanted to make exists under that name."""


class ResourceBusy(RequestRefused):
    """Another action is under way on what we want to change: wait, and look again."""

    retryable = True


class ActionFailed(ProviderError):
    """An action that the provider took up, and that ended in an error."""


class DuplicateObjects(ProviderError):
    """Duplicates: the answer to a creation was lost, and the retry created a second object."""


class RateLimited(ProviderError):
    """429, or our own budget has no request left."""

    retryable = True

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        """How long the provider, or our budget, says to wait; None when nobody says."""


class ProviderUnavailable(ProviderError):
    """5xx, an HTML page, an error body under a 200, a broken connection, a truncated body."""

    retryable = True


class TooLarge(ProviderError):
    """More than we read at once: its size stays unknown."""


class MalformedAnswer(ProviderError):
    """A 2xx answer that is not what the API documents."""


class PagingLoop(MalformedAnswer):
    """The next page is not after this one: following it would never end."""
