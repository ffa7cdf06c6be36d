"""Retries of reads, with exponential backoff, for as long as a request may take."""

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
        """Retries a read; returns its answer, or raises the error of the last attempt.

        `passing`: errors that are final elsewhere, and may pass here.
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
    """Whether to repeat after this error; a number is how long to wait, else it is grown."""
    if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
        if error.retry_after_seconds > MAX_WAIT_SECONDS:
            return False
        # The budget holds everybody with this token back for as long as the provider asked.
        return 0.0
    return isinstance(error, RateLimited | ProviderUnavailable)
