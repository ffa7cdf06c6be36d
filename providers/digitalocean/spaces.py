"""Spaces buckets over S3, which knows them by region and no other API lists.

Requests are signed by botocore (Signature Version 4) and sent by our own client, so
that its errors, retries and patience are those of the rest.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from providers.digitalocean.answers import raise_for_status
from providers.digitalocean.errors import MalformedAnswer, PagingLoop, ProviderUnavailable
from providers.digitalocean.pages import JsonObject
from providers.digitalocean.retrying import Retries

__all__ = ["Spaces", "SpacesKeys"]

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
MOST_PAGES: Final = 1000


@dataclass(frozen=True, slots=True)
class SpacesKeys:
    """An access key of Spaces, which is another thing than an API token."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


class Spaces:
    """A client of the S3 API in some regions. Made by `open`, which closes it too."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        keys: SpacesKeys,
        endpoint: str,
        regions: tuple[str, ...],
        retries: Retries,
    ) -> None:
        self._http = http
        self._credentials = Credentials(keys.access_key_id, keys.secret_access_key)
        self._endpoint = endpoint
        self._retries = retries
        self.regions = regions
        """Where we look, in a stable order."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        endpoint: str,
        regions: tuple[str, ...],
        keys: SpacesKeys,
        *,
        retries: Retries | None = None,
    ) -> AsyncIterator[Self]:
        """A client of `endpoint`, in which `{region}` stands for a region."""
        async with httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=not endpoint.startswith("http://")
        ) as http:
            yield cls(http, keys, endpoint, regions, retries or Retries())

    async def buckets(self, region: str) -> list[JsonObject]:
        """Every bucket of a region: `name`, `region`, `created_at`. Raises ProviderError."""
        found: list[JsonObject] = []
        token = ""
        for _ in range(MOST_PAGES):
            listed = await self._listed(region, token)
            found += [_bucket(element, region) for element in _inside(listed, "Buckets")]
            following = _text(listed, "ContinuationToken")
            if not following:
                return found
            if following == token:
                break
            token = following
        raise PagingLoop(f"the buckets of {region} never end")

    async def _listed(self, region: str, token: str) -> Element:
        query = f"?{urlencode({'continuation-token': token})}" if token else ""
        url = f"{self._endpoint.format(region=region).rstrip('/')}/{query}"
        return await self._retries.repeated(lambda: self._once(region, url))

    async def _once(self, region: str, url: str) -> Element:
        request = AWSRequest(method="GET", url=url)
        S3SigV4Auth(self._credentials, "s3", region).add_auth(request)
        try:
            response = await self._http.get(url, headers=dict(request.headers.items()))
        except httpx.TransportError as error:
            name = type(error).__name__
            raise ProviderUnavailable(f"the buckets of {region}: {name}: {error}") from error
        raise_for_status(response)
        try:
            # The provider's own answer over TLS; expat itself bounds what entities may grow to.
            root = fromstring(response.content)  # noqa: S314
        except ParseError as error:
            raise ProviderUnavailable(f"the buckets of {region}: no XML") from error
        if _plain(root.tag) != "ListAllMyBucketsResult":
            raise MalformedAnswer(f"the buckets of {region}: the answer lists no buckets")
        return root


def _inside(root: Element, name: str) -> list[Element]:
    """The children of a child that has to be there: what is missing is never an empty list."""
    for child in root:
        if _plain(child.tag) == name:
            return list(child)
    raise MalformedAnswer(f"the answer has no `{name}`")


def _bucket(element: Element, region: str) -> JsonObject:
    name = _text(element, "Name")
    if not name:
        raise MalformedAnswer("a bucket without a name")
    return {"name": name, "region": region, "created_at": _text(element, "CreationDate")}


def _text(element: Element, name: str) -> str:
    return next((child.text or "" for child in element if _plain(child.tag) == name), "")


def _plain(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]
