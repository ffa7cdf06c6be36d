"""A page of a listing, read from DigitalOcean's answer.

Only the page *number* is taken from `links.pages.next`: what host or path the link
names does not matter, so that no answer can lead us, with our token, elsewhere.
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
"""The most that DigitalOcean allows; more is refused with 422."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What is remembered of a page that was read and recorded before."""

    total: int | None
    next_number: int | None
    skipped_count: int
    """These as in Page."""
    scopes: frozenset[str]
    """What the page and its rows showed that the token may see."""
    unpriced_sizes: frozenset[str]
    """The sizes among its rows of which no list price is declared."""
    joined_ids: str
    """The ids of its rows in their order, one a line: a third of the room of many texts."""
    packed_digests: bytes
    """Of each row, the digest that the inventory answered: 64 bits each."""

    @property
    def weight(self) -> int:
        """How much it counts of what may be remembered: its rows, and one for itself."""
        return len(self.packed_digests) // 8 + 1

    @property
    def provider_ids(self) -> list[str]:
        """The ids of its rows."""
        return self.joined_ids.split("\n") if self.packed_digests else []

    @property
    def digests(self) -> list[int]:
        """The digests of its rows, as they are sent."""
        return array("q", self.packed_digests).tolist()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing."""

    items: list[JsonObject]
    number: int
    total: int | None
    """What the provider says the whole listing has; None where it says nothing."""
    next_number: int | None
    """None on the last page."""
    skipped_count: int = 0
    """Rows that were listed and are of another kind; `items` is without them."""
    scopes: frozenset[str] = frozenset()
    """What the listing shows that the token may see, whether or not there are rows."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Rows that are not in `items`, and parts of rows that are, which cannot be read."""
    key: bytes = b""
    """What names the answer in the memory of pages; empty where it is not to be remembered."""
    known: KnownPage | None = None
    """Of a page that was recorded before: then it has no `items`."""
    reread: Callable[[], "Page"] | None = None
    """Reads the items of a known page after all."""

    @property
    def is_known(self) -> bool:
        """Whether it was recorded before."""
        return self.known is not None

    @property
    def row_count(self) -> int:
        """How many rows of the kind it has, those of a known page too."""
        return len(self.items) if self.known is None else self.known.weight - 1


def read_page(answer: Any, key: str, number: int, *, counted: bool = True) -> Page:
    """Reads page `number` of the listing under `key`.

    A key that is absent or null is an empty list where `meta.total` is 0, and null is one in
    the answer of a listing that tells no totals (`counted` is false).

    Raises MalformedAnswer when the key is absent or no list otherwise, and PagingLoop when
    the next page is not after this one.
    """
    if not isinstance(answer, dict):
        raise MalformedAnswer(f"page {number}: the answer has no `{key}`")
    total = _total(answer, number)
    items = answer.get(key)
    if items is None and (total == 0 or (not counted and total is None and key in answer)):
        items = []
    if key not in answer and items is None:
        raise MalformedAnswer(f"page {number}: the answer has no `{key}`")
    if not isinstance(items, list):
        raise MalformedAnswer(f"page {number}: `{key}` is not a list")
    following = _next_number(answer, number)
    if following is not None and following <= number:
        raise PagingLoop(f"page {number} of `{key}` names page {following} as the next one")
    if following is not None and not items:
        raise PagingLoop(f"page {number} of `{key}` is empty and yet names a next one")
    return Page(items, number, total, following)


def _next_number(answer: JsonObject, number: int) -> int | None:
    try:
        link = ((answer.get("links") or {}).get("pages") or {}).get("next")
        return int(parse_qs(urlsplit(link).query)["page"][0]) if link else None
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise MalformedAnswer(f"page {number}: the next link names no page") from error


def _total(answer: JsonObject, number: int) -> int | None:
    meta = answer.get("meta") or {}
    total = meta.get("total") if isinstance(meta, dict) else meta
    if total is None:
        return None
    if type(total) is not int or total < 0:
        raise MalformedAnswer(f"page {number}: meta.total is not a count")
    return total


def last_page(page: Page) -> int:
    """The number of the last page of a listing, as far as one of its pages links to it."""
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
        """Calls off what is being fetched."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._pages.aclose()

    def _ask(self) -> asyncio.Task[Item | None]:
        return asyncio.create_task(anext(self._pages, None))
