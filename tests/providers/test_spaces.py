"""Buckets over S3, from real servers that check the protocol.

One server per region: the endpoint's `{region}` is the port.
"""

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kinds.listing import BUCKETS
from kinds.spaces_bucket import SPACES_BUCKET
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import (
    AccessDenied,
    MalformedAnswer,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    TooLarge,
)
from providers.digitalocean.sources import Sources
from providers.digitalocean.spaces import Bounds, BucketSize, Spaces, SpacesKeys
from stack.processes.probes import http_ok
from tests.providers.conftest import QUICK
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port

ENDPOINT = "http://127.0.0.1:{region}"
KEYS = SpacesKeys("DO00EXAMPLE", "a-secret-access-key")
MOTO = Path(sys.executable).parent / "moto_server"


@pytest.fixture(scope="session")
def s3_regions(engine_room: EngineRoom) -> tuple[str, str]:
    """Two S3 servers with buckets of their own; each one's port."""
    ports = (str(free_port()), str(free_port()))
    for port in ports:
        engine_room.start_program(
            f"s3-{port}",
            [str(MOTO), "-H", "127.0.0.1", "-p", port],
            {"AWS_EC2_METADATA_DISABLED": "true"},
            lambda _, port=port: http_ok(f"http://127.0.0.1:{port}/moto-api/"),  # type: ignore[misc]
        )
    for bucket, port in (("acme-assets", ports[0]), ("logs", ports[0]), ("models", ports[1])):
        put_bucket(bucket, port)
    return ports


def put_bucket(name: str, port: str) -> None:
    put(f"http://127.0.0.1:{port}/{name}")


def put(url: str, content: bytes = b"") -> None:
    """Makes a bucket, or an object of it."""
    request = AWSRequest(method="PUT", url=url, data=content)
    credentials = Credentials(KEYS.access_key_id, KEYS.secret_access_key)
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    sent = httpx.put(url, headers=dict(request.headers.items()), content=content)
    sent.raise_for_status()


@pytest.fixture
async def spaces(s3_regions: tuple[str, str]) -> AsyncIterator[Spaces]:
    """A client of both."""
    async with Spaces.open(ENDPOINT, s3_regions, KEYS, retries=QUICK) as client:
        yield client


async def test_every_region_shows_its_own_buckets(
    spaces: Spaces, s3_regions: tuple[str, str], provider: DigitalOcean
) -> None:
    source = Sources(provider, spaces).of(BUCKETS)
    pages = [page for query in range(source.query_count) async for page in source.pages(query, 1)]

    sighted = [SPACES_BUCKET.sight(row) for page in pages for row in page.items]
    assert {(each.provider_id, each.region) for each in sighted} == {
        ("acme-assets", s3_regions[0]),
        ("logs", s3_regions[0]),
        ("models", s3_regions[1]),
    }
    assert all(each.provider_created_at for each in sighted)
    assert all(each.unknown_fields == () for each in sighted)
    assert [page.total for page in pages] == [2, 1]


async def test_the_evidence_of_a_sweep_names_the_regions_that_were_asked(
    spaces: Spaces, s3_regions: tuple[str, str], provider: DigitalOcean
) -> None:
    with_keys = Sources(provider, spaces).of(BUCKETS)
    without = Sources(provider, None).of(BUCKETS)

    seen = [page.scopes for query in (0, 1) async for page in with_keys.pages(query, 1)]
    assert seen == [{f"region:{port}"} for port in s3_regions]
    assert {page.scopes async for page in without.pages(0, 1)} == {frozenset({"urns"})}


async def test_a_sweep_that_was_cut_off_after_a_region_goes_on_with_the_next(
    spaces: Spaces, provider: DigitalOcean
) -> None:
    source = Sources(provider, spaces).of(BUCKETS)

    assert [page async for page in source.pages(0, 2)] == []


async def test_a_bucket_is_found_by_its_name_in_whichever_region(
    spaces: Spaces, provider: DigitalOcean
) -> None:
    source = Sources(provider, spaces).of(BUCKETS)

    assert (await source.one("models"))["name"] == "models"
    with pytest.raises(NotFound):
        await source.one("nobodys")


async def test_an_unavailable_region_is_not_a_region_without_buckets() -> None:
    nobody = str(free_port())
    async with Spaces.open(ENDPOINT, (nobody,), KEYS, retries=QUICK) as client:
        with pytest.raises(ProviderUnavailable):
            await client.buckets(nobody)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"<Error><Code>InvalidAccessKeyId</Code></Error>", AccessDenied),
        (503, b"<Error><Code>SlowDown</Code></Error>", ProviderUnavailable),
        (200, b"<html>maintenance</html>", MalformedAnswer),
        (200, b"<ListAllMyBucketsResult></ListAllMyBucketsResult>", MalformedAnswer),
        (
            200,
            b"<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>",
            MalformedAnswer,
        ),
        (200, b"{}", ProviderUnavailable),
    ],
    ids=["refused", "busy", "a page", "no list", "no name", "no XML"],
)
async def test_an_unparseable_response_is_never_an_empty_list(
    status: int, body: bytes, error: type[ProviderError]
) -> None:
    with answering(status, body) as port:
        async with Spaces.open(ENDPOINT, (port,), KEYS, retries=QUICK) as client:
            with pytest.raises(error) as caught:
                await client.buckets(port)
    assert KEYS.secret_access_key not in repr(caught.value)


async def test_a_listing_in_parts_is_read_to_its_end() -> None:
    first = (
        b"<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name></Bucket></Buckets>"
        b"<ContinuationToken>more</ContinuationToken></ListAllMyBucketsResult>"
    )
    last = (
        b"<ListAllMyBucketsResult><Buckets><Bucket><Name>two</Name></Bucket></Buckets>"
        b"</ListAllMyBucketsResult>"
    )
    with answering(200, first, last) as port:
        async with Spaces.open(ENDPOINT, (port,), KEYS, retries=QUICK) as client:
            found = await client.buckets(port)

    assert [bucket["name"] for bucket in found] == ["one", "two"]


def test_keys_are_not_in_what_is_printed() -> None:
    assert KEYS.secret_access_key not in repr(KEYS)


async def test_where_the_headers_tell_no_size_the_objects_are_added_up(
    s3_regions: tuple[str, str], spaces: Spaces
) -> None:
    region = s3_regions[1]
    put_bucket("of-some", region)
    for number in range(4):
        put(f"http://127.0.0.1:{region}/of-some/{number}", b"x" * number)

    assert await spaces.measure("of-some", region) == BucketSize(6, 4)
    assert await spaces.measure("models", region) == BucketSize(0, 0)


async def test_the_objects_are_added_up_to_the_last_page() -> None:
    first = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Size>5</Size></Contents>"
        b"<NextContinuationToken>more</NextContinuationToken></ListBucketResult>"
    )
    last = (
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>7</Size></Contents>"
        b"</ListBucketResult>"
    )
    with answering(200, first, last) as port:
        async with Spaces.open(ENDPOINT, (port,), KEYS, retries=QUICK) as client:
            assert await client.measure("in-parts", port) == BucketSize(12, 2)


async def test_a_bucket_beyond_the_bounds_has_an_unknown_size(
    s3_regions: tuple[str, str],
) -> None:
    page = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Size>5</Size></Contents>"
        b"<NextContinuationToken>%d</NextContinuationToken></ListBucketResult>"
    )
    with answering(200, *(page % number for number in range(9))) as port:
        async with Spaces.open(
            ENDPOINT, (port,), KEYS, retries=QUICK, bounds=Bounds(pages=3)
        ) as client:
            with pytest.raises(TooLarge):
                await client.measure("endless", port)


async def test_a_circular_listing_gives_no_size() -> None:
    page = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Size>5</Size></Contents>"
        b"<NextContinuationToken>same</NextContinuationToken></ListBucketResult>"
    )
    with answering(200, page) as port:
        async with Spaces.open(ENDPOINT, (port,), KEYS, retries=QUICK) as client:
            with pytest.raises(MalformedAnswer):
                await client.measure("round", port)


@pytest.fixture
async def simulated(provider_simulator: Simulator) -> AsyncIterator[Spaces]:
    """A client of the simulator's S3 API."""
    endpoint = f"{provider_simulator.url}/s3/{{region}}"
    async with Spaces.open(endpoint, ("ams3", "nyc3"), KEYS, retries=QUICK) as client:
        yield client


async def measured(spaces: Spaces, provider: DigitalOcean) -> dict[str, JsonObject]:
    """The rows of every bucket, measured on the first of April, by name."""
    at = datetime(2026, 4, 1, 6, 17, 30, tzinfo=UTC).timestamp()
    source = Sources(provider, spaces, lambda: at).of(BUCKETS)
    pages = [page for query in range(source.query_count) async for page in source.pages(query, 1)]
    return {row["name"]: row for page in pages for row in page.items}


@pytest.mark.parametrize("without_statistics", [False, True], ids=["by headers", "by objects"])
async def test_a_bucket_has_its_size_and_the_time_of_measurement(
    simulated: Spaces,
    provider: DigitalOcean,
    provider_simulator: Simulator,
    *,
    without_statistics: bool,
) -> None:
    provider_simulator.change(
        "spaces_bucket", "hooli-models", without_statistics=without_statistics
    )

    row = (await measured(simulated, provider))["hooli-models"]

    assert row["size_bytes"] == 1310 * 2**30
    assert row["object_count"] == 1310 * 16
    assert row["measured_at"] == "2026-04-01T06:17:30Z"
    assert SPACES_BUCKET.sight(row).unknown_fields == ()


async def test_an_unreadable_bucket_does_not_affect_the_sizes_of_others(
    simulated: Spaces, provider: DigitalOcean, provider_simulator: Simulator
) -> None:
    provider_simulator.fault("status", path="/s3/nyc3/acme-assets", status=403)

    rows = await measured(simulated, provider)

    provider_simulator.behave()
    refused = SPACES_BUCKET.sight(rows["acme-assets"])
    assert refused.unknown_fields == (
        "attrs.measured_at",
        "attrs.object_count",
        "attrs.size_bytes",
    )
    assert "may not read" in refused.attrs_json
    assert rows["ops-archive"]["size_bytes"] == 730 * 2**30
    # What one bucket does not tell is no narrower token: nothing is frozen.
    assert SPACES_BUCKET.visible_scopes(rows["acme-assets"]) == {"region"}


async def test_without_keys_a_bucket_is_of_unknown_size_and_says_why(
    provider: DigitalOcean,
) -> None:
    pages = Sources(provider, None).of(BUCKETS).pages(0, 1)
    rows = [row async for page in pages for row in page.items]

    assert len(rows) == 5
    for row in rows:
        assert "size_bytes" not in row
        assert row["unmeasured"].startswith("no Spaces key is configured")


class answering:
    """A server that gives these answers in turn, the last one for ever; its port."""

    def __init__(self, status: int, *bodies: bytes) -> None:
        left = list(bodies)

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(status)
                self.end_headers()

            def do_GET(self) -> None:
                body = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the base class)
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return str(self._server.server_port)

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
