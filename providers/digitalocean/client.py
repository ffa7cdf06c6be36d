"""DigitalOcean's API over HTTP: pages, single objects, and the few writes that we make.

Reads are retried here for as long as a request may reasonably take; who needs to wait
longer gets an error that says so. Writes are never sent twice: after a lost answer
only the caller can find out what became of them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx
import orjson
import stamina

from providers.digitalocean.answers import raise_for_status
from providers.digitalocean.errors import (
    MalformedAnswer,
    ProviderUnavailable,
    RateLimited,
)
from providers.digitalocean.pages import PER_PAGE, JsonObject, Page, read_page
from providers.digitalocean.rate import LONGEST_WAIT_SECONDS, RateBudget

__all__ = ["DigitalOcean", "Retries"]

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=10)

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a read is repeated. Waits double, with jitter on top."""

    attempts: int = 6
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 10.0
    jitter_seconds: float = 0.5


class DigitalOcean:
    """A client with one token. Made by `open`, which closes it too."""

    def __init__(self, http: httpx.AsyncClient, budget: RateBudget, retries: Retries) -> None:
        self._http = http
        self._budget = budget
        self._retries = retries

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, token: str, budget: RateBudget, *, retries: Retries | None = None
    ) -> AsyncIterator[Self]:
        """A client of the API at `base_url`; the token is sent there and nowhere else."""
        headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            base_url=base_url,
            headers=headers,
            timeout=TIMEOUT,
            limits=CONNECTIONS,
            # Plain HTTP is the simulator on this machine, which no proxy reaches.
            trust_env=not base_url.startswith("http://"),
        ) as http:
            yield cls(http, budget, retries or Retries())

    async def pages(
        self, path: str, key: str, *, query: Query = (), first: int = 1
    ) -> AsyncGenerator[Page, None]:
        """The pages of a listing, from page `first` on, in their order.

        Raises ProviderError; what was yielded before it stays true.
        """
        number: int | None = first
        while number is not None:
            parameters = {**dict(query), "page": str(number), "per_page": str(PER_PAGE)}
            page = read_page(await self._read(path, parameters), key, number)
            yield page
            number = page.next_number

    async def one(self, path: str, key: str) -> JsonObject:
        """A single object. Raises NotFound when there is none, and the other errors."""
        answer = await self._read(path, {})
        found = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise MalformedAnswer(f"{path}: the answer has no `{key}`")
        return found

    async def create(self, path: str, key: str, body: JsonObject) -> JsonObject:
        """Makes an object and returns it.

        Raises ProviderUnavailable when the answer was lost: it may have been made.
        """
        answer = await self._once("POST", path, {}, orjson.dumps(body))
        made = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(made, dict):
            raise MalformedAnswer(f"{path}: the answer has no `{key}`")
        return made

    async def _read(self, path: str, parameters: Mapping[str, str]) -> Any:  # noqa: ANN401
        async for attempt in stamina.retry_context(
            on=_wait_before_next,
            attempts=self._retries.attempts,
            timeout=None,
            wait_initial=self._retries.first_wait_seconds,
            wait_max=self._retries.longest_wait_seconds,
            wait_jitter=self._retries.jitter_seconds,
        ):
            with attempt:
                return await self._once("GET", path, parameters)
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self, method: str, path: str, parameters: Mapping[str, str], body: bytes | None = None
    ) -> Any:  # noqa: ANN401
        await self._budget.acquire()
        headers = {"content-type": "application/json"} if body is not None else None
        try:
            response = await self._http.request(
                method, path, params=parameters, content=body, headers=headers
            )
        except httpx.TransportError as error:
            name = type(error).__name__
            raise ProviderUnavailable(f"{method} {path}: {name}: {error}") from error
        self._budget.observe(response.headers)
        try:
            raise_for_status(response)
        except RateLimited as error:
            if error.retry_after_seconds is not None:
                self._budget.pause(error.retry_after_seconds)
            raise
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise ProviderUnavailable(f"{method} {path}: the answer is no JSON") from error


def _wait_before_next(error: Exception) -> bool | float:
    """Whether to repeat after this error; a number is how long to wait, else it is grown."""
    if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
        if error.retry_after_seconds > LONGEST_WAIT_SECONDS:
            return False
        # The budget holds everybody with this token back for as long as the provider asked.
        return 0.0
    return isinstance(error, RateLimited | ProviderUnavailable)
