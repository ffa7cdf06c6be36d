"""A cache of listing pages that were recorded before: identical responses are not parsed again.

The key is a hash of the response, so any difference makes another page. The cache cannot make the
inventory stale: in each sweep the inventory checks the digest of every row.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from providers.digitalocean.api.pages import KnownPage, Page

__all__ = ["ListingMemory", "PageMemory", "remembered"]

MAX_ROWS: Final = 250_000
"""Maximum rows of all pages, some 40 bytes each; the least recently used pages are evicted."""

MAX_LISTINGS: Final = 1_000
KEY_BYTES: Final = 16
SEPARATOR: Final = "\n"
"""A separator that no id of the provider contains; a page with such an id is not cached."""


def remembered(
    page: Page,
    provider_ids: Sequence[str],
    digests: Sequence[int],
    *,
    scopes: frozenset[str],
    unpriced_sizes: frozenset[str],
) -> KnownPage | None:
    """The cached form of a recorded page; None if it cannot be cached."""
    joined = SEPARATOR.join(provider_ids)
    if page.unreadable or joined.count(SEPARATOR) != max(len(provider_ids) - 1, 0):
        return None
    return KnownPage(
        total=page.total,
        next_number=page.next_number,
        skipped_count=page.skipped_count,
        scopes=scopes,
        unpriced_sizes=unpriced_sizes,
        joined_ids=joined,
        packed_digests=array("q", digests).tobytes(),
    )


@dataclass
class PageMemory:
    """The cache of a process: the least recently used pages are evicted."""

    most_rows: int = MAX_ROWS
    _pages: OrderedDict[bytes, KnownPage] = field(default_factory=OrderedDict)
    _last_numbers: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _rows: int = 0

    def of(self, listing: str) -> "ListingMemory":
        """The cache of one listing of a kind, under a unique name."""
        return ListingMemory(self, listing)

    def keep(self, key: bytes, page: KnownPage) -> None:
        """Caches a page, and evicts others if necessary."""
        self.forget(key)
        self._pages[key] = page
        self._rows += page.weight
        while self._rows > self.most_rows:
            self.forget(next(iter(self._pages)))

    def forget(self, key: bytes) -> None:
        """Removes a page, cached or not."""
        if (known := self._pages.pop(key, None)) is not None:
            self._rows -= known.weight

    def known(self, key: bytes) -> KnownPage | None:
        """The cached page of the key; None without one."""
        if (page := self._pages.get(key)) is not None:
            self._pages.move_to_end(key)
        return page

    def last_number(self, listing: str) -> int:
        """The number of the listing's last page in the previous read; 0 if unknown."""
        return self._last_numbers.get(listing, 0)

    def note_last(self, listing: str, number: int) -> None:
        """Records the number of a listing's last page."""
        self._last_numbers[listing] = number
        self._last_numbers.move_to_end(listing)
        while len(self._last_numbers) > MAX_LISTINGS:
            self._last_numbers.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ListingMemory:
    """The cache of one listing."""

    memory: PageMemory
    listing: str

    @property
    def last_number(self) -> int:
        """As PageMemory.last_number."""
        return self.memory.last_number(self.listing)

    def note_last(self, number: int) -> None:
        """As PageMemory.note_last."""
        self.memory.note_last(self.listing, number)

    def key_of(self, number: int, content: bytes) -> bytes:
        """The key of a response with page `number` of the listing."""
        named = sha256(f"{self.listing} {number}\n".encode())
        named.update(content)
        return named.digest()[:KEY_BYTES]

    def recall(self, key: bytes, number: int, reread: Callable[[], Page]) -> Page | None:
        """The cached page of the key, without its rows, which `reread` parses; None without one."""
        known = self.memory.known(key)
        if known is None:
            return None
        return Page(
            [],
            number,
            known.total,
            known.next_number,
            skipped_count=known.skipped_count,
            scopes=known.scopes,
            key=key,
            known=known,
            reread=reread,
        )
