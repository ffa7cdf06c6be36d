"""Request framing: ambiguous requests are refused, and their connection is closed."""

import asyncio
import re
from collections.abc import Iterable

import pytest

from tests.gateway.harness import Backend, Gateway

LIST = "GET /api/v1/inventory HTTP/1.1\r\n"
ASSIGN = "POST /api/v1/inventory/7/assign HTTP/1.1\r\n"
CHUNKED = ASSIGN + "host: gateway\r\ntransfer-encoding: chunked\r\n"
FOLLOWING = "GET /api/v1/inventory/following HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n"


async def answers(gateway: Gateway, head: str, body: str = "") -> tuple[int, ...]:
    """The statuses of all answers to a request and to one that follows it on its connection."""
    authorization = f"authorization: {gateway.bearer()['authorization']}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(f"{head}{authorization}{body}{FOLLOWING}{authorization}".encode("latin-1"))
    read = (await asyncio.wait_for(reader.read(), 120)).decode()
    writer.close()
    return tuple(int(status) for status in re.findall(r"HTTP/1\.1 (\d+)", read))


async def all_answers(
    gateway: Gateway, requests: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """The same for many requests, each on a connection of its own."""
    sent = list(requests)
    statuses = await asyncio.gather(*(answers(gateway, head, body) for head, body in sent))
    return dict(zip(sent, statuses, strict=True))


MALFORMED_HEADS = (
    LIST + "host: gateway\r\nhost: other\r\n",
    LIST + "host: gateway\r\nhost: gateway\r\n",
    LIST + "host: gateway, other\r\n",
    LIST + "host: gateway/other\r\n",
    LIST,
    LIST + " host: gateway\r\n",
    LIST + "host: gateway\r\n\rx-a: b\r\n",
    LIST + "host: gateway\r\nx-a: b\0c\r\n",
    LIST + "host: gateway\r\nx-a : b\r\n",
    LIST + "host: gateway\r\n: b\r\n",
    "GET /api/v1/inventory HTTP/1.1\rhost: gateway\r",
    "GET /api/v1/inven tory HTTP/1.1\r\nhost: gateway\r\n",
    "get /api/v1/inventory HTTP/1.1\r\nhost: gateway\r\n",
)

BODIES_OF_TWO_LENGTHS = (
    ("content-length: 2\r\ncontent-length: 3\r\n", "{}x"),
    ("content-length: 2\r\ncontent-length: 2\r\n", "{}"),
    ("content-length: 2, 2\r\n", "{}"),
    ("content-length: +2\r\n", "{}"),
    ("content-length: 0x2\r\n", "{}"),
    ("content-length: -2\r\n", "{}"),
    ("content-length: 2\r\ntransfer-encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
    ("content-length: 6\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\nG"),
    ("transfer-encoding : chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
    ("transfer-encoding: \vchunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
)

MALFORMED_CHUNKS = (
    "2\n{}\n0\n\n",
    "2\r\n{}xx\r\n0\r\n\r\n",
    "2;a\nb\r\n{}\r\n0\r\n\r\n",
    "2;a\rb\r\n{}\r\n0\r\n\r\n",
    "-2\r\n{}\r\n0\r\n\r\n",
    "0x2\r\n{}\r\n0\r\n\r\n",
    "10000000000000002\r\n{}\r\n0\r\n\r\n",
)


@pytest.mark.parametrize(
    "requests",
    [
        [(head, "") for head in MALFORMED_HEADS],
        [(f"{ASSIGN}host: gateway\r\n{fields}", body) for fields, body in BODIES_OF_TWO_LENGTHS],
        [(CHUNKED, body) for body in MALFORMED_CHUNKS],
    ],
    ids=["heads", "lengths", "chunks"],
)
async def test_ambiguous_framing_is_400_and_closes_the_connection(
    gateway: Gateway, backend: Backend, requests: list[tuple[str, str]]
) -> None:
    assert await all_answers(gateway, requests) == dict.fromkeys(requests, (400,))
    assert backend.arrivals == []


async def test_a_transfer_coding_other_than_chunked_is_501_and_the_last_of_its_connection(
    gateway: Gateway, backend: Backend
) -> None:
    codings = ("xchunked", "gzip, chunked", "chunked\r\ntransfer-encoding: identity")
    requests = [
        (f"{ASSIGN}host: gateway\r\ntransfer-encoding: {coding}\r\n", "2\r\n{}\r\n0\r\n\r\n")
        for coding in codings
    ]
    assert await all_answers(gateway, requests) == dict.fromkeys(requests, (501,))
    status, body = await gateway.raw(
        f"{ASSIGN}host: gateway\r\ntransfer-encoding: x\r\n"
        f"authorization: {gateway.bearer()['authorization']}\r\n\r\n"
    )
    assert (status, "TRANSFER_CODING_UNKNOWN" in body) == (501, True)
    assert backend.arrivals == []


async def test_another_version_is_426_and_the_last_of_its_connection(
    gateway: Gateway, backend: Backend
) -> None:
    requests = [
        (f"GET /api/v1/inventory{version}\r\nhost: gateway\r\n", "")
        for version in ("", " HTTP/0.9", " HTTP/1.0", " HTTP/1.2", " HTTP/2.0")
    ]
    assert await all_answers(gateway, requests) == dict.fromkeys(requests, (426,))
    assert backend.arrivals == []


async def test_a_body_is_never_interpreted_as_a_request(gateway: Gateway, backend: Backend) -> None:
    hidden = "GET /api/v1/inventory/hidden HTTP/1.1\r\nhost: gateway\r\n\r\n"
    sized = f"host: gateway\r\ncontent-length: {len(hidden)}\r\n"
    requests = [
        (LIST + sized, hidden),
        (ASSIGN + sized, hidden),
        (CHUNKED, f"{len(hidden):x}\r\n{hidden}\r\n0\r\n\r\n"),
    ]
    found = await all_answers(gateway, requests)
    assert {statuses[0] for statuses in found.values()} == {400}
    assert {arrival.rpc for arrival in backend.arrivals} <= {"GetResource"}
    assert {arrival.request.id for arrival in backend.arrivals} <= {"following"}


@pytest.mark.parametrize(
    ("head", "seen"),
    [
        ("GET /api/v1/inventory HTTP/1.1\nhost: gateway\nx-a: b\n", "b"),
        (LIST + "host: gateway\nx-a: b\r\n", "b"),
        (LIST + "host: gateway\r\nx-a: b\r\n c\r\n", "b c"),
        (LIST + "host: gateway\r\nx-a: b\rc\r\n", "bc"),
    ],
    ids=["every line ends in LF", "one does", "a folded line", "a CR in a value"],
)
async def test_framing_that_envoy_corrects_stays_one_request(
    gateway: Gateway, backend: Backend, head: str, seen: str
) -> None:
    """It has no switch for these; RFC 9112 allows the LF (2.2) and the fold (5.2)."""
    assert await answers(gateway, head) == (200, 200)
    assert [arrival.rpc for arrival in backend.arrivals] == ["ListResources", "GetResource"]
    assert backend.arrivals[0].metadata["x-a"] == seen
    assert backend.last.request.id == "following"


async def test_a_trailer_is_not_taken_for_a_header(gateway: Gateway, backend: Backend) -> None:
    body = "2\r\n{}\r\n0\r\nidempotency-key: trailing\r\n\r\n"
    assert await answers(gateway, CHUNKED, body) == (200, 200)
    assert backend.arrivals[0].metadata["idempotency-key"] != "trailing"


async def test_another_protocol_is_not_switched_to(gateway: Gateway, backend: Backend) -> None:
    websocket = "host: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    assert await answers(gateway, LIST + websocket) == (403,)
    h2c = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    assert await answers(gateway, f"{LIST}host: gateway\r\n{h2c}") == (200, 200)
    assert [arrival.rpc for arrival in backend.arrivals] == ["ListResources", "GetResource"]
