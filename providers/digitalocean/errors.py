"""Errors of calls to DigitalOcean's API.

    ProviderError
    ├── CredentialsRefused     401: the token is wrong, expired or missing
    ├── AccessDenied           403: the token lacks the scope
    ├── NotFound               404 with the API's error body: does not exist, or not yet
    ├── RequestRefused         any other 4xx: the request is invalid
    │   ├── NameTaken          409, or 422 about a name in use
    │   └── ResourceBusy       422 about a pending event, or locked for too long
    ├── ActionFailed           an accepted action failed
    ├── DuplicateObjects       a retried creation created several objects
    ├── RateLimited            429, or our budget has no requests left
    ├── ProviderUnavailable    5xx, a 404 of a proxy, a broken connection, a truncated body
    ├── TooLarge               more than we read at once
    └── MalformedAnswer        a 2xx response that does not match the API's documentation
        └── PagingLoop         the next page does not follow this one

A row of a listing that cannot be read is a `kinds.unreadable.UnreadableRow`; the others are
still read.

A response that cannot be parsed is an error, never an empty list, which would mean that the
account is empty.
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
    """An error of DigitalOcean's API."""

    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later without intervention."""


class CredentialsRefused(ProviderError):
    """401: the token is wrong, expired or missing."""


class AccessDenied(ProviderError):
    """403: the token lacks the scope."""


class NotFound(ProviderError):
    """404 with the API's error body: the object does not exist, or not yet after its creation."""


class RequestRefused(ProviderError):
    """Any other 4xx: the request is invalid."""


class NameTaken(RequestRefused):
    """An object with that name already exists."""


class ResourceBusy(RequestRefused):
    """Another action is in progress on the object: wait, and check again."""

    retryable = True


class ActionFailed(ProviderError):
    """An accepted action that failed."""


class DuplicateObjects(ProviderError):
    """Duplicates: the answer to a creation was lost, and the retry created a second object."""


class RateLimited(ProviderError):
    """429, or our budget has no requests left."""

    retryable = True

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        """The time to wait, from the provider or the budget; None if unknown."""


class ProviderUnavailable(ProviderError):
    """5xx, an HTML page, an error body under a 200, a broken connection, a truncated body."""

    retryable = True


class TooLarge(ProviderError):
    """More than we read at once, so its size stays unknown."""


class MalformedAnswer(ProviderError):
    """A 2xx response that does not match the API's documentation."""


class PagingLoop(MalformedAnswer):
    """The next page does not follow this one: following it would never end."""
