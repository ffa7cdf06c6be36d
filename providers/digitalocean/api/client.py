"""DigitalOcean's API over HTTP: pages, single objects, and a few writes.

Reads are retried up to a time limit; a longer wait is an error with the time to wait. Writes are
never retried: after a lost response only the caller can find out whether they took effect.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypedDict, Unpack

import httpx
import orjson

from kinds.unreadable import JsonObject
from providers.digitalocean.api.answers import raise_for_error_body, raise_for_status
from providers.digitalocean.api.concurrency import cancel_all
from providers.digitalocean.api.pages import PER_PAGE, Page, last_page, read_page
from providers.digitalocean.api.rate import BudgetShare, RateBudget
from providers.digitalocean.api.retries import Retries
from providers.digitalocean.errors import (
    MalformedAnswer,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from providers.digitalocean.page_memory import ListingMemory

__all__ = ["CONNECTIONS", "DigitalOcean", "Pace", "Retries"]

# Waiting for a connection is unlimited, because earlier requests have timeouts of their own.
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0, pool=None)
CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=20)

NOTHING_MORE: Final = httpx.ByteStream(b"")

PIECE_BYTES: Final = 256 * 1024
"""Size of a download's chunks, which fit into one message to a service."""

Query = tuple[tuple[str, str], ...]
Budget = RateBudget | BudgetShare
Loads = Callable[[bytes], Any]
"""Parses the text of a response; raises ValueError for text that is not JSON."""


class Pace(TypedDict, total=False):
    """How a listing is read."""

    at_once: int
    """Maximum concurrent page requests, 1 by default; up to half as many more pages are buffered.
    """
    turns: asyncio.Semaphore | None
    """Limits the page requests of all listings that share it."""
    memory: ListingMemory | None
    """Known pages are not parsed again and may be returned without their rows."""


class DigitalOcean:
    """A client with one token. Create it with `open`, which also closes it."""

    def __init__(self, http: httpx.AsyncClient, budget: Budget, retries: Retries) -> None:
        self._http = http
        self._budget = budget
        self._retries = retries

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, token: str, budget: Budget, *, retries: Retries | None = None
    ) -> AsyncIterator[Self]:
        """Opens a client of the API at `base_url`; the token is sent only there."""
        headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            base_url=base_url,
            headers=headers,
            timeout=TIMEOUT,
            limits=CONNECTIONS,
            # Plain HTTP is the simulator on this machine, which no proxy can reach.
            trust_env=not base_url.startswith("http://"),
        ) as http:
            yield cls(http, budget, retries or Retries())

    async def pages(
        self,
        path: str,
        key: str,
        *,
        query: Query = (),
        first: int = 1,
        counted: bool = True,
        may_be_gone: bool = False,
        **pace: Unpack[Pace],
    ) -> AsyncGenerator[Page, None]:
        """Yields the pages of a listing in order, from page `first` on.

        Prefetches up to the last page that the total implies; with a `memory`, up to the last page
        of the previous read. The order follows each page's next link.

        Retries a 404, because a listing always exists, unless it belongs to an object that
        `may_be_gone`. `counted` as in `read_page`.

        Raises ProviderError; the pages yielded before the error are valid.
        """
        passing: tuple[type[ProviderError], ...] = () if may_be_gone else (NotFound,)
        at_once, memory = pace.get("at_once", 1), pace.get("memory")
        taking = pace.get("turns") or asyncio.Semaphore(at_once)
        most_held = at_once + at_once // 2

        async def read(number: int) -> Page:
            parameters = {**dict(query), "page": str(number), "per_page": str(PER_PAGE)}
            reading = _Reading(key, number, counted, memory)
            async with taking:
                answer = await self._read(path, parameters, passing, reading.loads)
            return answer if isinstance(answer, Page) else reading.page(answer)

        coming: deque[asyncio.Task[Page]] = deque()
        asked = first
        expected = first if memory is None else min(first + most_held - 1, memory.last_number)
        try:
            while asked < expected:
                asked += 1
                coming.append(asyncio.create_task(read(asked)))
            page = await read(first)
            while True:
                if page.next_number not in (None, page.number + 1):
                    await cancel_all(coming)
                    coming.clear()
                    asked = page.number
                while len(coming) + 1 < most_held and asked < last_page(page):
                    asked += 1
                    coming.append(asyncio.create_task(read(asked)))
                if memory is not None and page.next_number is None:
                    memory.note_last(page.number)
                yield page
                following = page.next_number
                if following is None:
                    return
                if coming:
                    page = await coming.popleft()
                else:
                    asked = following
                    page = await read(following)
        finally:
            await cancel_all(coming)

    async def one(self, path: str, key: str) -> JsonObject:
        """A single object. Raises NotFound if it does not exist, and other ProviderErrors."""
        answer = await self._read(path, {})
        found = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise MalformedAnswer(f"{path}: the response has no `{key}`")
        return found

    async def document(
        self, path: str, query: Query = (), *, loads: Loads = orjson.loads
    ) -> JsonObject:
        """A response that is the object itself, without a key. Raises ProviderError."""
        answer = await self._read(path, dict(query), loads=loads)
        if not isinstance(answer, dict):
            raise MalformedAnswer(f"{path}: the response is not an object")
        return answer

    @asynccontextmanager
    async def download(self, path: str, *content_types: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A body of any length, in chunks as they arrive; only the current one is in memory.

        Requests the first content type and accepts any of them. Does not retry. Raises
        ProviderError, also midway: the body is then incomplete, and the caller must start again.
        """
        await self._budget.acquire(path)
        # Uncompressed, so that HTTP itself detects a truncated body.
        headers = {"accept": content_types[0], "accept-encoding": "identity"}
        try:
            async with self._http.stream("GET", path, headers=headers) as response:
                self._budget.observe(response.headers, path)
                if response.status_code != 200:
                    await response.aread()
                self._raise_for_status(response, path)
                if response.status_code != 200:
                    raise ProviderUnavailable(
                        f"GET {path}: expected status 200, got {response.status_code}"
                    )
                content_type = response.headers.get("content-type", "").partition(";")[0].strip()
                if content_type not in content_types:
                    raise ProviderUnavailable(f"GET {path}: the content type is {content_type}")
                yield response.aiter_bytes(PIECE_BYTES)
        except httpx.RequestError as error:
            raise ProviderUnavailable(f"GET {path}: {type(error).__name__}: {error}") from error

    async def create(self, path: str, key: str, body: JsonObject) -> JsonObject:
        """Creates an object and returns it.

        Raises ProviderUnavailable if the response was lost: the object may exist.
        """
        answer = await self._write("POST", path, orjson.dumps(body))
        made = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(made, dict):
            raise MalformedAnswer(f"{path}: the response has no `{key}`")
        return made

    async def send(self, method: str, path: str, body: JsonObject | None = None) -> Any:
        """Sends a change; returns the response, None without content.

        Sent once. Raises ProviderUnavailable if the response was lost: the change may have taken
        effect.
        """
        content = None if body is None else orjson.dumps(body)
        return await self._write(method, path, content)

    async def _read(
        self,
        path: str,
        parameters: Mapping[str, str],
        passing: tuple[type[ProviderError], ...] = (),
        loads: Loads = orjson.loads,
    ) -> Any:
        """The response of a GET; retries transient errors, and those of `passing`."""

        async def once() -> Any:
            answer = await self._once("GET", path, parameters, loads)
            raise_for_error_body(answer, f"GET {path}")
            return answer

        return await self._retries.repeated(once, passing)

    async def _write(self, method: str, path: str, body: bytes | None) -> Any:
        """Sends once, and waits for the response even if the caller is cancelled.

        A sent request takes effect: after the response, the caller can find and undo it.
        """
        await self._budget.acquire(path)
        writing = asyncio.create_task(self._request(method, path, {}, body))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.gather(writing, return_exceptions=True)
            raise

    async def _once(
        self, method: str, path: str, parameters: Mapping[str, str], loads: Loads
    ) -> Any:
        await self._budget.acquire(path)
        return await self._request(method, path, parameters, loads=loads)

    async def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        body: bytes | None = None,
        *,
        loads: Loads = orjson.loads,
    ) -> Any:
        headers = {"content-type": "application/json"} if body is not None else None
        try:
            response = await self._http.request(
                method, path, params=parameters, content=body, headers=headers
            )
        except httpx.RequestError as error:
            name = type(error).__name__
            raise ProviderUnavailable(f"{method} {path}: {name}: {error}") from error
        # The consumed stream refers back to the response, which would keep the body in memory
        # until the next garbage collection, which is rare when pages are known.
        response.stream = NOTHING_MORE
        self._budget.observe(response.headers, path)
        self._raise_for_status(response, path)
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        try:
            return loads(response.content)
        except ValueError as error:
            raise ProviderUnavailable(f"{method} {path}: the response is not JSON") from error

    def _raise_for_status(self, response: httpx.Response, path: str) -> None:
        """Raises the error of a status; a 429 delays every request under the same limit."""
        try:
            raise_for_status(response)
        except RateLimited as error:
            if error.retry_after_seconds is not None:
                self._budget.pause(error.retry_after_seconds, path)
            raise


@dataclass(slots=True)
class _Reading:
    """One page of a listing, from its bytes: from the cache, or parsed."""

    key: str
    number: int
    counted: bool
    memory: ListingMemory | None
    _named: bytes = b""

    def loads(self, content: bytes) -> Any:
        """The page from the cache if it is there, else the parsed JSON."""
        if self.memory is not None:
            self._named = self.memory.key_of(self.number, content)
            known = self.memory.recall(
                self._named, self.number, lambda: self.page(orjson.loads(content))
            )
            if known is not None:
                return known
        return orjson.loads(content)

    def page(self, answer: Any) -> Page:
        """The page in the JSON. Raises as `read_page`."""
        page = read_page(answer, self.key, self.number, counted=self.counted)
        return replace(page, key=self._named)
