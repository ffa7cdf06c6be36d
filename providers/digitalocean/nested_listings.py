"""Listings below each object of another kind, such as the replicas of each database."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, Unpack
from urllib.parse import quote

from kinds.listing import NestedListing
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean, Pace
from providers.digitalocean.api.concurrency import gather_all
from providers.digitalocean.api.pages import Page
from providers.digitalocean.errors import MalformedAnswer, NotFound
from providers.digitalocean.hidden_fields import HiddenFields

__all__ = ["PARENTS_AT_ONCE", "Nested"]

PARENTS_AT_ONCE: Final = 5


class Nested:
    """The rows below all parents, as one page without a total."""

    query_count = 1

    def __init__(self, provider: DigitalOcean, listing: NestedListing) -> None:
        self._provider = provider
        self._listing = listing

    async def pages(
        self, query: int, first: int, **pace: Unpack[Pace]
    ) -> AsyncGenerator[Page, None]:
        """The only page, which is never cached.

        Raises ProviderError: if one parent cannot be read, all are unread.
        """
        if first == 1:
            yield Page(await self._all(), 1, None, None)

    async def one(self, identifier: str) -> JsonObject:
        """A row by its id, searched below every parent. Raises NotFound."""
        for row in await self._all():
            if str(row.get("id")) == identifier:
                return row
        raise NotFound(
            f"no {self._listing.parents.path}/<id>/{self._listing.path} has {identifier}"
        )

    async def _all(self) -> list[JsonObject]:
        parents = self._listing.parents
        rows = [
            row
            for query in parents.queries
            async for page in self._provider.pages(
                parents.path, parents.key, query=query, counted=parents.counted
            )
            for row in page.items
        ]
        if any("id" not in row for row in rows):
            raise MalformedAnswer(f"{parents.path}: a row without `id`")
        at_once = asyncio.Semaphore(PARENTS_AT_ONCE)

        async def below(parent: str) -> list[JsonObject]:
            async with at_once:
                return await self._below(parent)

        found = await gather_all(below(str(row["id"])) for row in rows)
        below_all = [row for each in found for row in each]
        hidden = HiddenFields(self._provider, self._listing)
        await hidden.normalise(below_all)
        return below_all

    async def _below(self, parent: str) -> list[JsonObject]:
        listing = self._listing
        path = f"{listing.parents.path}/{quote(parent, safe='')}/{listing.path}"
        try:
            return [
                {**row, listing.owner: parent}
                async for page in self._provider.pages(
                    path, listing.key, counted=False, may_be_gone=True
                )
                for row in page.items
            ]
        except NotFound:
            # The parent was deleted since it was listed, with everything below it.
            return []
