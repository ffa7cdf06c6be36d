"""The API's pages: `?page=&per_page=`, full URLs in `links.pages`, `meta.total`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.web.errors import Unprocessable

__all__ = ["LinksWhenSingle", "Page", "cut", "listing", "requested_page", "single", "unpaged"]

_MAX_PER_PAGE = 200


class LinksWhenSingle(Enum):
    """The value of `links` if everything fits on one page, which differs by kind."""

    EMPTY = b'"links":{},'
    EMPTY_PAGES = b'"links":{"pages":{}},'
    ABSENT = b""


@dataclass(frozen=True)
class Page:
    """The requested page; both numbers are at least 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """The number of items before it."""
        return (self.number - 1) * self.size

    def last(self, total: int) -> int:
        """The number of the last page of `total` items."""
        return max(1, -(-total // self.size))


def _whole(request: Request, name: str, default: int, maximum: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= maximum:
        raise Unprocessable(f"{name} must be a whole number from 1 to {maximum}")
    return int(text)


def requested_page(request: Request) -> Page:
    """The page of a request: the first of 20 by default. Unprocessable beyond 200 a page."""
    return Page(
        number=_whole(request, "page", 1, 10**9),
        size=_whole(request, "per_page", 20, _MAX_PER_PAGE),
    )


def _links(request: Request, page: Page, total: int, when_single: LinksWhenSingle) -> bytes:
    last = page.last(total)
    if last == 1 and page.number == 1:
        return when_single.value
    others = [pair for pair in request.query_params.multi_items() if pair[0] not in _PAGE_NAMES]
    base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"

    def url(number: int) -> str:
        return f"{base}?{urlencode([*others, ('page', number), ('per_page', page.size)])}"

    pages: dict[str, str] = {}
    if page.number > 1:
        pages |= {"first": url(1), "prev": url(min(page.number - 1, last))}
    if page.number < last:
        pages |= {"next": url(page.number + 1), "last": url(last)}
    return b'"links":' + orjson.dumps({"pages": pages}) + b","


_PAGE_NAMES = frozenset({"page", "per_page"})


def listing(
    request: Request,
    key: str,
    bodies: list[bytes],
    page: Page,
    total: int,
    when_single: LinksWhenSingle = LinksWhenSingle.EMPTY,
    extra: bytes = b"",
) -> Response:
    """A response with a page of a list.

    `extra` has further members of the object, with a comma at the end.
    """
    parts = (
        b'{"',
        key.encode(),
        b'":[',
        b",".join(bodies),
        b"],",
        extra,
        _links(request, page, total, when_single),
        b'"meta":{"total":%d}}' % total,
    )
    return Response(b"".join(parts), media_type="application/json")


def cut(request: Request, key: str, bodies: Sequence[bytes]) -> Response:
    """A response with the requested page of a complete list."""
    page = requested_page(request)
    shown = list(bodies[page.offset : page.offset + page.size])
    return listing(request, key, shown, page, len(bodies))


def unpaged(key: str, bodies: Sequence[bytes]) -> Response:
    """A response with an unpaged list without a total."""
    return Response(
        b'{"%s":[%s]}' % (key.encode(), b",".join(bodies)), media_type="application/json"
    )


def single(key: str, body: bytes, status: int = 200) -> Response:
    """A response with one object under its key."""
    return Response(
        b'{"%s":%s}' % (key.encode(), body), status_code=status, media_type="application/json"
    )
