"""Spaces buckets over S3, which knows them by region and no other API lists.

Requests are signed by botocore (Signature Version 4) and sent by our own client, so
that its errors, retries and patience are those of the rest.

How much a bucket holds is told by the headers of HeadBucket where the provider's Ceph
gateway sends them: one request, and what is billed, versions and unfinished uploads
included. Where it does not, the objects are listed and added up, within bounds: a bucket
beyond them is of unknown size, never of the size of its first part.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kinds.unreadable import JsonObject
from providers.digitalocean.api.answers import raise_for_status
from providers.digitalocean.api.retries import Retries
from providers.digitalocean.errors import (
    MalformedAnswer,
    PagingLoop,
    ProviderUnavailable,
    TooLarge,
)

__all__ = ["Bounds", "BucketSize", "Spaces", "SpacesKeys"]

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
MAX_PAGES: Final = 1000

BYTES_USED: Final = "x-rgw-bytes-used"
OBJECT_COUNT: Final = "x-rgw-object-count"
"""What Ceph's gateway adds to HeadBucket; newer releases only when `read-stats` asks for it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the objects of one bucket are listed to learn its size."""

    pages: int = 200
    """Of 1,000 objects each."""
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class BucketSize:
    """The size of a bucket when it was measured."""

    size_bytes: int
    object_count: int


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
        bounds: Bounds,
    ) -> None:
        self._http = http
        self._credentials = Credentials(keys.access_key_id, keys.secret_access_key)
        self._endpoint = endpoint
        self._retries = retries
        self._bounds = bounds
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
        bounds: Bounds | None = None,
    ) -> AsyncIterator[Self]:
        """A client of `endpoint`, whose `{region}` is replaced by a region."""
        async with httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=not endpoint.startswith("http://")
        ) as http:
            yield cls(http, keys, endpoint, regions, retries or Retries(), bounds or Bounds())

    async def buckets(self, region: str) -> list[JsonObject]:
        """Every bucket of a region: `name`, `region`, `created_at`. Raises ProviderError."""
        found: list[JsonObject] = []
        token = ""
        for _ in range(MAX_PAGES):
            listed = await self._listed(region, token)
            found += [_bucket(element, region) for element in _inside(listed, "Buckets")]
            following = _text(listed, "ContinuationToken")
            if not following:
                return found
            if following == token:
                break
            token = following
        raise PagingLoop(f"the buckets of {region} never end")

    async def measure(self, name: str, region: str) -> BucketSize:
        """How much a bucket holds now.

        Raises TooLarge for one whose objects cannot be listed within bounds, and other
        ProviderErrors: then its size is unknown.
        """
        try:
            async with asyncio.timeout(self._bounds.seconds):
                size = await self._measured_by_headers(name, region)
                # An empty bucket and statistics that nobody keeps look alike: a look decides.
                if size is not None and size.size_bytes:
                    return size
                return await self._added_up(name, region)
        except TimeoutError as error:
            raise TooLarge(
                f"listing bucket {name} took longer than {self._bounds.seconds:g} s"
            ) from error

    async def _measured_by_headers(self, name: str, region: str) -> BucketSize | None:
        """The size from the headers of HeadBucket; None if they lack it."""
        response = await self._asked(region, f"/{quote(name)}?read-stats=true", "HEAD")
        sizes = (response.headers.get(BYTES_USED, ""), response.headers.get(OBJECT_COUNT, ""))
        if not all(one.isdecimal() for one in sizes):
            return None
        return BucketSize(*map(int, sizes))

    async def _added_up(self, name: str, region: str) -> BucketSize:
        """The size by adding up the objects, page by page."""
        size_bytes = object_count = 0
        token = ""
        for _ in range(self._bounds.pages):
            query = {"list-type": "2"} | ({"continuation-token": token} if token else {})
            listed = await self._read(
                region, f"/{quote(name)}?{urlencode(query, quote_via=quote)}", "ListBucketResult"
            )
            sizes = [_size(element) for element in listed if _plain(element.tag) == "Contents"]
            size_bytes += sum(sizes)
            object_count += len(sizes)
            if _text(listed, "IsTruncated") != "true":
                return BucketSize(size_bytes, object_count)
            following = _text(listed, "NextContinuationToken")
            if not following or following == token:
                raise PagingLoop(f"the objects of {name} never end")
            token = following
        raise TooLarge(f"bucket {name} has more objects than are listed ({object_count:,})")

    async def _listed(self, region: str, token: str) -> Element:
        query = f"?{urlencode({'continuation-token': token})}" if token else ""
        return await self._read(region, f"/{query}", "ListAllMyBucketsResult")

    async def _read(self, region: str, path: str, tag: str) -> Element:
        """The root of an answer in XML, which must be `tag`."""

        async def once() -> Element:
            response = await self._once(region, path, "GET")
            try:
                # S314: the provider's own answer over TLS; expat bounds what entities grow to.
                root = fromstring(response.content)  # noqa: S314  (of the endpoint that is configured)
            except ParseError as error:
                raise ProviderUnavailable(f"{_words(region, path)}: no XML") from error
            if _plain(root.tag) != tag:
                raise MalformedAnswer(f"{_words(region, path)}: the answer is no {tag}")
            return root

        return await self._retries.repeated(once)

    async def _asked(self, region: str, path: str, method: str) -> httpx.Response:
        return await self._retries.repeated(lambda: self._once(region, path, method))

    async def _once(self, region: str, path: str, method: str) -> httpx.Response:
        url = f"{self._endpoint.format(region=region).rstrip('/')}{path}"
        request = AWSRequest(method=method, url=url)
        S3SigV4Auth(self._credentials, "s3", region).add_auth(request)
        try:
            response = await self._http.request(method, url, headers=dict(request.headers.items()))
        except httpx.TransportError as error:
            name = type(error).__name__
            raise ProviderUnavailable(f"{_words(region, path)}: {name}: {error}") from error
        raise_for_status(response, has_error_bodies=False)
        return response


def _words(region: str, path: str) -> str:
    """What was asked for, without tokens."""
    bucket = path.partition("?")[0].strip("/")
    return f"bucket {bucket} in {region}" if bucket else f"the buckets of {region}"


def _size(element: Element) -> int:
    size = _text(element, "Size")
    if not size.isdecimal():
        raise MalformedAnswer("an object without a size")
    return int(size)


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
