"""Retries of reads, with exponential backoff, up to a time limit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from providers.digitalocean.api.rate import MAX_WAIT_SECONDS
from providers.digitalocean.errors import ProviderError, ProviderUnavailable, RateLimited

__all__ = ["Retries"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with jitter."""

    attempts: int = 6
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 10.0
    jitter_seconds: float = 0.5

    async def repeated(
        self,
        read: Callable[[], Awaitable[Answer]],
        passing: tuple[type[ProviderError], ...] = (),
    ) -> Answer:
        """Retries a read; returns its response, or raises the error of the last attempt.

        `passing`: errors that are usually permanent, but may be transient here.
        """

        def wait_before_next(error: Exception) -> bool | float:
            return isinstance(error, passing) or _wait_before_next(error)

        async for attempt in stamina.retry_context(
            on=wait_before_next,
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.first_wait_seconds,
            wait_max=self.longest_wait_seconds,
            wait_jitter=self.jitter_seconds,
        ):
            with attempt:
                return await read()
        raise AssertionError("the last attempt returns or raises")


def _wait_before_next(error: Exception) -> bool | float:
    """Whether to retry after this error; a number is the time to wait, else backoff applies."""
    if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
        if error.retry_after_seconds > MAX_WAIT_SECONDS:
            return False
        # The budget delays all requests with this token for the requested time.
        return 0.0
    return isinstance(error, RateLimited | ProviderUnavailable)
