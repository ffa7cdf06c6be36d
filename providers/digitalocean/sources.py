"""The sources of a kind's rows: a listing of the API, or Spaces.

Sweeps and single reads get pages of rows of the kind, independent of how it is listed.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, Unpack
from urllib.parse import quote
from zlib import crc32

from kinds import RESOURCE_KINDS
from kinds.listing import (
    AnyListing,
    BucketListing,
    Listing,
    NestedListing,
    Only,
    Parts,
)
from kinds.pricing import BySize
from kinds.unreadable import JsonObject, UnreadableRow, described
from providers.digitalocean.api.client import DigitalOcean, Pace
from providers.digitalocean.api.concurrency import gather_all
from providers.digitalocean.api.pages import Page
from providers.digitalocean.bucket_sources import Buckets, BucketsByUrn, OnMembers
from providers.digitalocean.errors import MalformedAnswer, NotFound, ProviderError
from providers.digitalocean.hidden_fields import Certificates, HiddenFields
from providers.digitalocean.nested_listings import Nested
from providers.digitalocean.projects import PART_ERRORS
from providers.digitalocean.spaces import Spaces

__all__ = ["PARTS_AT_ONCE", "Source", "Sources"]

PARTS_AT_ONCE: Final = 5
TURN_SECONDS: Final = 6 * 3600
"""How long a turn lasts if parts of objects are read in turns: the interval of the slow sync."""


class Source(Protocol):
    """The rows of a kind."""

    query_count: int
    """The number of listings that together have all of the kind."""

    def pages(self, query: int, first: int, **pace: Unpack[Pace]) -> AsyncGenerator[Page, None]:
        """The pages of a listing from page `first` on. Raises ProviderError."""

    async def one(self, identifier: str) -> JsonObject:
        """One row, with its parts. Raises NotFound, and other ProviderErrors."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Finds the source of a kind."""

    provider: DigitalOcean
    spaces: Spaces | None
    """None if no Spaces keys are configured."""
    clock: Callable[[], float] = time.time

    def of(self, listing: AnyListing, *, on_members: OnMembers | None = None) -> Source:
        """The source of a listing.

        `on_members` is called with each page of project members read on the way, if
        `is_listed_by_projects`.
        """
        if isinstance(listing, Listing):
            return _Api(self.provider, listing, self.clock)
        if isinstance(listing, NestedListing):
            return Nested(self.provider, listing)
        if self.spaces is not None:
            return Buckets(self.spaces, self.clock)
        return BucketsByUrn(self.provider, on_members)

    def is_listed_by_projects(self, listing: AnyListing) -> bool:
        """Whether reading it reads the members of every project."""
        return isinstance(listing, BucketListing) and self.spaces is None

    async def unpriced(self, kind: str, sizes: tuple[str, ...]) -> tuple[str, ...]:
        """The sizes for which the provider has no list price either.

        Empty if the token may not read them, or the provider does not respond.
        """
        rule = RESOURCE_KINDS[kind].monthly_price if kind in RESOURCE_KINDS else None
        if not sizes or not isinstance(rule, BySize) or not rule.priced_by:
            return sizes
        path, key = rule.priced_by
        try:
            priced = {
                str(row.get("slug", "")).lower()
                async for page in self.provider.pages(path, key)
                for row in page.items
                if row.get("price_monthly") is not None
            }
        except ProviderError:
            return sizes
        return tuple(size for size in sizes if size not in priced)


class _Api:
    def __init__(
        self, provider: DigitalOcean, listing: Listing, clock: Callable[[], float]
    ) -> None:
        self._provider = provider
        self._listing = listing
        self._clock = clock
        self.query_count = len(listing.queries)

    async def pages(
        self, query: int, first: int, **pace: Unpack[Pace]
    ) -> AsyncGenerator[Page, None]:
        listing = self._listing
        certificates, hidden = self._certificates(), self._hidden()
        # Rows that need further reads are read again each time.
        is_whole = listing.parts is None and certificates is None
        listed = self._provider.pages(
            listing.path,
            listing.key,
            query=listing.queries[query],
            first=first,
            counted=listing.counted,
            **(pace if is_whole else pace | {"memory": None}),
        )
        async for page in listed:
            if page.known is not None:
                yield self._reread_as_ours(page)
                continue
            ours = page
            if listing.only is not None:
                ours = _only_ours(page, listing, listing.only)
            if listing.parts is not None:
                ours = await self._with_parts(ours, listing.parts)
            if certificates is not None:
                await certificates.name_in(ours.items)
            if await hidden.normalise(ours.items):
                # The same response means something else for a token with other scopes.
                ours = replace(ours, key=b"")
            yield ours

    async def one(self, identifier: str) -> JsonObject:
        path = f"{self._listing.path}/{quote(identifier, safe='')}"
        if self._listing.found_by:
            row = await self._found(identifier, self._listing.found_by)
        else:
            row = await self._provider.one(path, self._listing.one_key)
        try:
            is_ours = self._listing.shows(row)
        except TypeError:
            raise UnreadableRow(
                self._listing.one_key, identifier, "it does not state its kind"
            ) from None
        if not is_ours:
            raise NotFound(f"{path} is of another kind")
        if self._listing.parts is not None:
            await self._read_parts(row, identifier, self._listing.parts)
        if (certificates := self._certificates()) is not None:
            await certificates.name_in([row])
        await self._hidden().normalise([row])
        return row

    async def _found(self, identifier: str, field: str) -> JsonObject:
        """The row with this value in a field.

        If no row has it, it is known to be absent only if all rows were listed.
        """
        listing, seen, total = self._listing, 0, None
        query = ((field, identifier),)
        async for page in self._provider.pages(listing.path, listing.key, query=query):
            for row in page.items:
                if isinstance(row, dict) and row.get(field) == identifier:
                    return row
            seen, total = seen + len(page.items), page.total
        if total != seen:
            raise MalformedAnswer(f"{listing.path}: {seen} were listed of a total of {total}")
        raise NotFound(f"no {listing.one_key} has the {field} {identifier}")

    def _reread_as_ours(self, page: Page) -> Page:
        """A known page that has only rows of the kind when it is parsed."""
        only, reread = self._listing.only, page.reread
        if only is None or reread is None:
            return page
        return replace(page, reread=lambda: _only_ours(reread(), self._listing, only))

    def _certificates(self) -> Certificates | None:
        places = self._listing.certificates
        return None if places is None else Certificates(self._provider, places)

    def _hidden(self) -> HiddenFields:
        return HiddenFields(self._provider, self._listing)

    async def _with_parts(self, page: Page, parts: Parts) -> Page:
        """Reads the parts of the rows whose turn it is; those of others stay unknown.

        So do the parts of a row that cannot be read, which the page reports.
        """
        turns = math.ceil((page.total or 0) / parts.at_most) or 1
        turn = int(self._clock() // TURN_SECONDS) % turns
        at_once = asyncio.Semaphore(PARTS_AT_ONCE)

        async def add(row: JsonObject, identifier: str) -> UnreadableRow | None:
            async with at_once:
                return await self._read_parts(row, identifier, parts)

        named = [(row, _owner(row, parts)) for row in page.items]
        answers = await gather_all(
            add(row, name) for row, name in named if name and crc32(name.encode()) % turns == turn
        )
        odd = tuple(answer for answer in answers if answer is not None)
        return replace(page, unreadable=page.unreadable + odd)

    async def _read_parts(
        self, row: JsonObject, identifier: str, parts: Parts
    ) -> UnreadableRow | None:
        """Adds its parts to a row, or returns why they cannot be read."""
        path = f"{self._listing.path}/{quote(identifier, safe='')}/{parts.path}"
        try:
            row[parts.field] = [
                part
                async for page in self._provider.pages(path, parts.key, may_be_gone=True)
                for part in page.items
            ]
        except NotFound:
            # The object was deleted since it was listed; the next sweep will not see it.
            return None
        except PART_ERRORS as error:
            return UnreadableRow(self._listing.one_key, identifier, f"{parts.field}: {error}")
        return None


def _only_ours(page: Page, listing: Listing, only: Only) -> Page:
    """The page with the rows of the kind; rows without the deciding field are unreadable."""
    ours: list[JsonObject] = []
    odd: list[UnreadableRow] = []
    for row in page.items:
        if not isinstance(row, dict):
            words = f"the row is {described(row)}, not an object"
            odd.append(UnreadableRow(listing.one_key, "", words))
            continue
        try:
            ours += [row] if only.is_ours(row) else []
        except TypeError:
            words = f"{only.field} is {described(row.get(only.field))}, not text"
            odd.append(UnreadableRow(listing.one_key, _scalar(row.get("id")), words))
    skipped = len(page.items) - len(ours) - len(odd)
    return replace(
        page,
        items=ours,
        skipped_count=page.skipped_count + skipped,
        unreadable=(*page.unreadable, *odd),
    )


def _owner(row: JsonObject, parts: Parts) -> str:
    """The object that owns a row's parts; empty if the row has none."""
    return _scalar(row.get(parts.owner)) if isinstance(row, dict) else ""


def _scalar(identifier: object) -> str:
    return str(identifier) if type(identifier) in (int, str) else ""
