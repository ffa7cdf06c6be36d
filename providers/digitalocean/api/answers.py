"""Maps the status of a response to a ProviderError."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from providers.digitalocean.errors import (
    AccessDenied,
    CredentialsRefused,
    MalformedAnswer,
    NameTaken,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRefused,
    ResourceBusy,
)

__all__ = ["raise_for_error_body", "raise_for_status"]

BY_STATUS: Final[dict[int, type[ProviderError]]] = {
    401: CredentialsRefused,
    403: AccessDenied,
    404: NotFound,
    409: NameTaken,
}
MAX_MESSAGE: Final = 200
ERROR_FIELDS: Final = frozenset({"id", "message", "request_id"})
BUSY: Final = ("pending event", "currently locked", "is locked")
"""Texts of rejections that disappear when the current action ends."""


def raise_for_status(response: httpx.Response, *, has_error_bodies: bool = True) -> None:
    """Raises the ProviderError of a status other than 2xx.

    Redirects are not followed, because they could lead off the configured host. A 404 is NotFound
    only with the API's error body; `has_error_bodies` is false for S3, which has another format.
    """
    status = response.status_code
    if status < 300:
        return
    text = f"{response.request.method} {response.request.url.path}: {status} {_words(response)}"
    if status < 400:
        raise MalformedAnswer(text)
    if status == 429:
        raise RateLimited(text, _retry_after(response))
    if status >= 500 or status == 408:
        raise ProviderUnavailable(text)
    if status == 404 and has_error_bodies and _error_id(response) != "not_found":
        # The page of a proxy, or an unavailable route: it does not mean that the object is gone.
        raise ProviderUnavailable(f"{text}, not the API's error body")
    if status == 422 and "name" in text and ("taken" in text or "unique" in text):
        raise NameTaken(text)
    if status == 422 and any(words in text.lower() for words in BUSY):
        raise ResourceBusy(text)
    raise BY_STATUS.get(status, RequestRefused)(text)


def raise_for_error_body(answer: Any, asked: str) -> None:
    """Raises ProviderUnavailable for an error body with a success status.

    No object of the API consists of an id and a message only.
    """
    if (
        isinstance(answer, dict)
        and {"id", "message"} <= answer.keys() <= ERROR_FIELDS
        and isinstance(answer["id"], str)
        and isinstance(answer["message"], str)
    ):
        words = f"{answer['id']}: {answer['message']}"[:MAX_MESSAGE]
        raise ProviderUnavailable(f"{asked}: 200 with an error body: {words}")


def _words(response: httpx.Response) -> str:
    """The provider's error id and message; empty for a page that is not the API's."""
    try:
        body = orjson.loads(response.content)
        return f"{body['id']}: {body['message']}"[:MAX_MESSAGE]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return response.reason_phrase


def _error_id(response: httpx.Response) -> str:
    """The `id` of the API's error body; empty for any other body."""
    try:
        return str(orjson.loads(response.content)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from a number or a date; None if the header is missing or unreadable."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
