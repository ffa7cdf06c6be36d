"""Buckets of Spaces, which the API does not list: by region, or by the URNs of projects."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final, Unpack

from kinds.spaces_bucket import SPACES_BUCKET
from kinds.unreadable import JsonObject, UnreadableRow
from providers.digitalocean.api.client import DigitalOcean, Pace
from providers.digitalocean.api.concurrency import gather_all
from providers.digitalocean.api.pages import Page
from providers.digitalocean.errors import (
    AccessDenied,
    CredentialsRefused,
    MalformedAnswer,
    NotFound,
    ProviderError,
    TooLarge,
)
from providers.digitalocean.projects import MembersPage, list_project_ids, members_of
from providers.digitalocean.spaces import Spaces

__all__ = ["Buckets", "BucketsByUrn", "OnMembers"]

OnMembers = Callable[[MembersPage], Awaitable[None]]

BUCKETS_AT_ONCE: Final = 5

BY_URN: Final = "urns"
"""The name of what is visible of buckets without Spaces keys, in the evidence of a sweep."""

WITHOUT_KEYS: Final = "no Spaces key is configured, and no other API tells sizes"
# Without changing figures: another text would count as a change of the resource.
REASONS: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (AccessDenied, "the Spaces key may not read the bucket"),
    (CredentialsRefused, "the Spaces key may not read the bucket"),
    (NotFound, "the bucket was gone when it was measured"),
    (TooLarge, "the bucket has more objects than are listed at once"),
    (MalformedAnswer, "the provider's answer could not be read"),
    (ProviderError, "the provider did not answer"),
)
"""Why a bucket could not be measured; the first matching error counts."""


class Buckets:
    """Buckets by region, with their sizes."""

    def __init__(self, spaces: Spaces, clock: Callable[[], float]) -> None:
        self._spaces = spaces
        self._clock = clock
        self.query_count = len(spaces.regions)

    async def pages(
        self, query: int, first: int, **pace: Unpack[Pace]
    ) -> AsyncGenerator[Page, None]:
        """The buckets of one region, as one page. Raises ProviderError."""
        if first == 1:
            region = self._spaces.regions[query]
            found = await self._spaces.buckets(region)
            few = asyncio.Semaphore(BUCKETS_AT_ONCE)

            async def add(row: JsonObject) -> None:
                async with few:
                    await self._add_size(row)

            await gather_all(map(add, found))
            # A region that is not read any more must not look like one without buckets.
            yield Page(found, 1, len(found), None, scopes=frozenset({f"region:{region}"}))

    async def one(self, identifier: str) -> JsonObject:
        """The bucket of this name. Raises NotFound, and other ProviderErrors."""
        for region in self._spaces.regions:
            for row in await self._spaces.buckets(region):
                if row["name"] == identifier:
                    await self._add_size(row)
                    return row
        raise NotFound(f"no region has a bucket {identifier}")

    async def _add_size(self, row: JsonObject) -> None:
        """Adds the size of a bucket, or why it is unknown; errors do not affect other buckets."""
        try:
            size = await self._spaces.measure(str(row["name"]), str(row["region"]))
        except ProviderError as error:
            row["unmeasured"] = next(words for kind, words in REASONS if isinstance(error, kind))
            return
        at = datetime.fromtimestamp(int(self._clock()), UTC)
        row |= {
            "size_bytes": size.size_bytes,
            "object_count": size.object_count,
            "measured_at": at.isoformat().replace("+00:00", "Z"),
        }


class BucketsByUrn:
    """The buckets that projects name, used without Spaces keys: names only."""

    query_count = 1

    def __init__(self, provider: DigitalOcean, on_members: OnMembers | None) -> None:
        self._provider = provider
        self._on_members = on_members

    async def pages(
        self, query: int, first: int, **pace: Unpack[Pace]
    ) -> AsyncGenerator[Page, None]:
        """A page for each page of a project's members, all with the number 0.

        So an interrupted read starts again: projects change, and their order means nothing.
        """
        scopes = frozenset({BY_URN})
        projects, odd = await list_project_ids(self._provider)
        # An unreadable project may have any bucket, so these rows have no bucket's id.
        unreadable = tuple(UnreadableRow(SPACES_BUCKET.name, "", str(error)) for error in odd)
        yield Page([], 0, None, None, scopes=scopes, unreadable=unreadable)
        async for page in members_of(self._provider, projects, at_once=pace.get("at_once", 1)):
            if self._on_members is not None:
                await self._on_members(page)
            unreadable = tuple(
                UnreadableRow(SPACES_BUCKET.name, "", str(error)) for error in page.unreadable
            )
            rows = [_named(name) for name in _buckets_of(page)]
            yield Page(rows, 0, None, None, scopes=scopes, unreadable=unreadable)

    async def one(self, identifier: str) -> JsonObject:
        """The name of a bucket. Raises NotFound only if every project could be read."""
        projects, odd = await list_project_ids(self._provider)
        async with aclosing(members_of(self._provider, projects)) as pages:
            async for page in pages:
                if identifier in _buckets_of(page):
                    return _named(identifier)
                odd += page.unreadable
        if odd:
            # It may be in a project that could not be read, so it is not known to be gone.
            raise MalformedAnswer(f"bucket {identifier} was not found, but {odd[0]}")
        raise NotFound(f"no project has a bucket {identifier}")


def _buckets_of(page: MembersPage) -> list[str]:
    """The names of the buckets among a project's members."""
    return [each.provider_id for each in page.members if each.kind == SPACES_BUCKET.name]


def _named(name: str) -> JsonObject:
    """A bucket of which only the name is known."""
    return {"name": name, "unmeasured": WITHOUT_KEYS}
