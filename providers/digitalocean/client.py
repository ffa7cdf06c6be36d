"""DigitalOcean's API over HTTP: pages, single objects, and the few writes that we make.

Reads are retried here for as long as a request may reasonably take; who needs to wait
longer gets an error that says so. Writes are never sent twice: after a lost answer
only the caller can find out what became of them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import httpx
import orjson

from providers.digitalocean.answers import raise_for_status
from providers.digitalocean.errors import (
    MalformedAnswer,
    ProviderUnavailable,
    RateLimited,
)
from providers.digitalocean.pages import PER_PAGE, JsonObject, Page, read_page
from providers.digitalocean.rate import BudgetShare, RateBudget
from providers.digitalocean.retrying import Retries

__all__ = ["DigitalOcean", "Retries"]

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=10)

Query = tuple[tuple[str, str], ...]
Budget = RateBudget | BudgetShare


class DigitalOcean:
    """A client with one token. Made by `open`, which closes it too."""

    def __init__(self, http: httpx.AsyncClient, budget: Budget, retries: Retries) -> None:
        self._http = http
        self._budget = budget
        self._retries = retries

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, token: str, budget: Budget, *, retries: Retries | None = None
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
        return await self._retries.repeated(lambda: self._once("GET", path, parameters))

    async def _once(
        self, method: str, path: str, parameters: Mapping[str, str], body: bytes | None = None
    ) -> Any:  # noqa: ANN401
        await self._budget.acquire(path)
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
