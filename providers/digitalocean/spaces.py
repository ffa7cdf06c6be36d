"""Spaces buckets over S3, which lists them by region; no other API lists them.

Requests are signed by botocore (Signature Version 4) and sent by our client, with its errors,
retries and timeouts.

The size of a bucket comes from the headers of HeadBucket if the provider's Ceph gateway sends
them: one request, and what is billed, including versions and unfinished uploads. Otherwise the
objects are listed and added up, within bounds: a larger bucket has an unknown size, never the size
of its first part.
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
"""Headers that Ceph's gateway adds to HeadBucket; newer releases only with `read-stats`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of listing a bucket's objects to measure it."""

    pages: int = 200
    """Pages of 1,000 objects."""
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class BucketSize:
    """The size of a bucket when it was measured."""

    size_bytes: int
    object_count: int


@dataclass(frozen=True, slots=True)
class SpacesKeys:
    """An access key of Spaces, which is not an API token."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


class Spaces:
    """A client of the S3 API in some regions. Create it with `open`, which also closes it."""

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
        """The regions, in a stable order."""

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
        """Opens a client of `endpoint`, in which `{region}` is replaced by a region."""
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
        raise PagingLoop(f"the buckets of {region} have too many pages")

    async def measure(self, name: str, region: str) -> BucketSize:
        """The current size of a bucket.

        Raises TooLarge if its objects cannot be listed within bounds, and other ProviderErrors:
        then its size is unknown.
        """
        try:
            async with asyncio.timeout(self._bounds.seconds):
                size = await self._measured_by_headers(name, region)
                # An empty bucket and missing statistics look the same, so list the objects.
                if size is not None and size.size_bytes:
                    return size
                return await self._added_up(name, region)
        except TimeoutError as error:
            raise TooLarge(
                f"listing bucket {name} took longer than {self._bounds.seconds:g} s"
            ) from error

    async def _measured_by_headers(self, name: str, region: str) -> BucketSize | None:
        """The size from the headers of HeadBucket; None if they lack it."""
        response = await self._request(region, f"/{quote(name)}?read-stats=true", "HEAD")
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
                raise PagingLoop(f"the objects of {name} have too many pages")
            token = following
        raise TooLarge(f"bucket {name} has more objects than the limit ({object_count:,})")

    async def _listed(self, region: str, token: str) -> Element:
        query = f"?{urlencode({'continuation-token': token})}" if token else ""
        return await self._read(region, f"/{query}", "ListAllMyBucketsResult")

    async def _read(self, region: str, path: str, tag: str) -> Element:
        """The root element of an XML response, which must be `tag`."""

        async def once() -> Element:
            response = await self._once(region, path, "GET")
            try:
                # S314: the provider's own answer over TLS; expat bounds what entities grow to.
                root = fromstring(response.content)  # noqa: S314  (of the endpoint that is configured)
            except ParseError as error:
                raise ProviderUnavailable(
                    f"{_words(region, path)}: the response is not XML"
                ) from error
            if _plain(root.tag) != tag:
                raise MalformedAnswer(f"{_words(region, path)}: the response is not {tag}")
            return root

        return await self._retries.repeated(once)

    async def _request(self, region: str, path: str, method: str) -> httpx.Response:
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
    """What was requested, without tokens."""
    bucket = path.partition("?")[0].strip("/")
    return f"bucket {bucket} in {region}" if bucket else f"the buckets of {region}"


def _size(element: Element) -> int:
    size = _text(element, "Size")
    if not size.isdecimal():
        raise MalformedAnswer("an object without a size")
    return int(size)


def _inside(root: Element, name: str) -> list[Element]:
    """The children of a required child: a missing one is never an empty list."""
    for child in root:
        if _plain(child.tag) == name:
            return list(child)
    raise MalformedAnswer(f"the response has no `{name}`")


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
