"""A page of a listing, parsed from DigitalOcean's response.

Only the page *number* is used of `links.pages.next`; its host and path are ignored, so that a
response cannot direct us and our token elsewhere.
"""

import asyncio
from array import array
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from kinds.unreadable import JsonObject, UnreadableRow
from providers.digitalocean.errors import MalformedAnswer, PagingLoop

__all__ = ["PER_PAGE", "KnownPage", "Page", "Prefetch", "last_page", "read_page"]

Item = TypeVar("Item")

PER_PAGE: Final = 200
"""The API's maximum page size; a larger one is rejected with 422."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """The cached data of a page that was read and recorded before."""

    total: int | None
    next_number: int | None
    skipped_count: int
    """These as in Page."""
    scopes: frozenset[str]
    """The scopes that the page and its rows show."""
    unpriced_sizes: frozenset[str]
    """The sizes of its rows without a declared list price."""
    joined_ids: str
    """The ids of its rows in order, one per line, which needs a third of the memory of a list."""
    packed_digests: bytes
    """The digest of each row, as the inventory returned it: 64 bits each."""

    @property
    def weight(self) -> int:
        """Its weight in the cache: the number of its rows plus one."""
        return len(self.packed_digests) // 8 + 1

    @property
    def provider_ids(self) -> list[str]:
        """The ids of its rows."""
        return self.joined_ids.split("\n") if self.packed_digests else []

    @property
    def digests(self) -> list[int]:
        """The digests of its rows, in the form in which they are sent."""
        return array("q", self.packed_digests).tolist()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing."""

    items: list[JsonObject]
    number: int
    total: int | None
    """The provider's total of the whole listing; None if it has none."""
    next_number: int | None
    """None on the last page."""
    skipped_count: int = 0
    """The number of listed rows of another kind; `items` is without them."""
    scopes: frozenset[str] = frozenset()
    """The scopes that the listing shows, with or without rows."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Unreadable rows, which are not in `items`, and unreadable parts of rows that are."""
    key: bytes = b""
    """The key of the response in the cache; empty if it must not be cached."""
    known: KnownPage | None = None
    """Set for a page that was recorded before; it has no `items`."""
    reread: Callable[[], "Page"] | None = None
    """Parses the items of a known page."""

    @property
    def is_known(self) -> bool:
        """Whether it was recorded before."""
        return self.known is not None

    @property
    def row_count(self) -> int:
        """The number of its rows of the kind, also for a known page."""
        return len(self.items) if self.known is None else self.known.weight - 1


def read_page(answer: Any, key: str, number: int, *, counted: bool = True) -> Page:
    """Reads page `number` of the listing under `key`.

    An absent or null key is an empty list if `meta.total` is 0, and null also in a listing without
    totals (`counted` is false).

    Raises MalformedAnswer if the key is absent or not a list otherwise, and PagingLoop if the next
    page does not follow this one.
    """
    if not isinstance(answer, dict):
        raise MalformedAnswer(f"page {number}: the response has no `{key}`")
    total = _total(answer, number)
    items = answer.get(key)
    if items is None and (total == 0 or (not counted and total is None and key in answer)):
        items = []
    if key not in answer and items is None:
        raise MalformedAnswer(f"page {number}: the response has no `{key}`")
    if not isinstance(items, list):
        raise MalformedAnswer(f"page {number}: `{key}` is not a list")
    following = _next_number(answer, number)
    if following is not None and following <= number:
        raise PagingLoop(f"page {number} of `{key}` links to page {following} as the next one")
    if following is not None and not items:
        raise PagingLoop(f"page {number} of `{key}` is empty but links to a next one")
    return Page(items, number, total, following)


def _next_number(answer: JsonObject, number: int) -> int | None:
    try:
        link = ((answer.get("links") or {}).get("pages") or {}).get("next")
        return int(parse_qs(urlsplit(link).query)["page"][0]) if link else None
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise MalformedAnswer(f"page {number}: the next link has no page number") from error


def _total(answer: JsonObject, number: int) -> int | None:
    meta = answer.get("meta") or {}
    total = meta.get("total") if isinstance(meta, dict) else meta
    if total is None:
        return None
    if type(total) is not int or total < 0:
        raise MalformedAnswer(f"page {number}: meta.total is not a count")
    return total


def last_page(page: Page) -> int:
    """The number of the listing's last page, if the page links to it."""
    if page.next_number is None or page.total is None:
        return page.number
    if page.next_number != page.number + 1:
        return page.number
    return max(page.number, -(-page.total // PER_PAGE))


class Prefetch(Generic[Item]):
    """Prefetch: fetches the next page while the caller handles the current one.

    Requests the first page on creation. Close it with `contextlib.aclosing`, which cancels the
    pending request.
    """

    def __init__(self, pages: AsyncGenerator[Item, None]) -> None:
        self._pages = pages
        self._following = self._ask()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        page = await self._following
        if page is None:
            raise StopAsyncIteration
        self._following = self._ask()
        return page

    async def aclose(self) -> None:
        """Cancels the pending request."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._pages.aclose()

    def _ask(self) -> asyncio.Task[Item | None]:
        return asyncio.create_task(anext(self._pages, None))
