"""The API's request limits, per token, by the machine's clock.

Sliding windows: 5000 an hour and 250 a minute by default, and for CDN endpoints 5 in 10 s.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from time import time

__all__ = ["Allowance", "RateLimiter"]

_HOUR = 3600.0
_MINUTE = 60.0
_CDN_PATH = "/v2/cdn/endpoints"
_CDN_SECONDS, _CDN_REQUESTS = 10.0, 5


@dataclass(frozen=True)
class Allowance:
    """The requests that a token has left, for the headers."""

    limit: int
    remaining: int
    reset: int
    """When the oldest request leaves the window, in epoch seconds."""
    retry_after: int | None = None
    """Whole seconds to wait; None if the request is allowed."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The `ratelimit-*` headers of every response."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset),
        ]


@dataclass
class _Windows:
    hour: deque[float] = field(default_factory=deque)
    cdn: deque[float] = field(default_factory=deque)


@dataclass
class RateLimiter:
    """Counts requests per token; a limit of 0 is disabled."""

    per_minute: int
    per_hour: int
    now: Callable[[], float] = time
    _tokens: dict[str, _Windows] = field(default_factory=dict)

    def take(self, token: str, path: str) -> Allowance:
        """Counts one request of a token, unless a window is full."""
        now = self.now()
        windows = self._tokens.setdefault(token, _Windows())
        _expire(windows.hour, now - _HOUR)
        wait = self._wait(windows, path, now)
        if wait is None and (self.per_minute or self.per_hour):
            windows.hour.append(now)
            if path.startswith(_CDN_PATH):
                windows.cdn.append(now)
        retry_after = None if wait is None else max(1, ceil(wait))
        if self.per_minute and path.startswith(_CDN_PATH):
            # A path with its own limit announces that one instead of the token's.
            return Allowance(
                limit=_CDN_REQUESTS,
                remaining=max(0, _CDN_REQUESTS - len(windows.cdn)),
                reset=ceil((windows.cdn[0] if windows.cdn else now) + _CDN_SECONDS),
                retry_after=retry_after,
            )
        used = len(windows.hour)
        limit = self.per_hour or 5000
        return Allowance(
            limit=limit,
            remaining=max(0, limit - used) if self.per_hour else limit,
            reset=ceil((windows.hour[0] if windows.hour else now) + _HOUR),
            retry_after=retry_after,
        )

    def _wait(self, windows: _Windows, path: str, now: float) -> float | None:
        if self.per_hour and len(windows.hour) >= self.per_hour:
            return windows.hour[0] + _HOUR - now
        if self.per_minute and len(windows.hour) >= self.per_minute:
            first_in_minute = windows.hour[-self.per_minute]
            if first_in_minute > now - _MINUTE:
                return first_in_minute + _MINUTE - now
        if self.per_minute and path.startswith(_CDN_PATH):
            _expire(windows.cdn, now - _CDN_SECONDS)
            if len(windows.cdn) >= _CDN_REQUESTS:
                return windows.cdn[0] + _CDN_SECONDS - now
        return None

    def forget(self) -> None:
        """Resets every window."""
        self._tokens.clear()


def _expire(window: deque[float], before: float) -> None:
    while window and window[0] <= before:
        window.popleft()
