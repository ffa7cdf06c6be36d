"""The simulator's S3 API: signed requests of the right region, and sizes that agree."""

from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import get_session

from tests.simulator.running import Simulator

ANY_KEY = Credentials("DO00ANY", "any-secret")
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def ask(sim: Simulator, path: str, *, method: str = "GET", signed_for: str = "") -> httpx.Response:
    """Asks as a client of Spaces does; signed for the path's region by default."""
    url = f"{sim.url}{path}"
    request = AWSRequest(method=method, url=url)
    S3SigV4Auth(ANY_KEY, "s3", signed_for or path.split("/")[2]).add_auth(request)
    return httpx.request(method, url, headers=dict(request.headers.items()))


def test_a_region_lists_its_own_buckets_with_their_making(reading: Simulator) -> None:
    root = fromstring(ask(reading, "/s3/nyc3/").content)
    named = {name.text for name in root.iter(f"{S3}Name")}
    assert named == {"acme-assets", "ops-archive"}
    assert all(made.text for made in root.iter(f"{S3}CreationDate"))


def client(sim: Simulator, region: str) -> Any:
    """An ordinary S3 client that was given the region's endpoint."""
    return get_session().create_client(
        "s3",
        region_name=region,
        endpoint_url=f"{sim.url}/s3/{region}",
        aws_access_key_id=ANY_KEY.access_key,
        aws_secret_access_key=ANY_KEY.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )


def test_an_ordinary_client_lists_the_buckets_and_objects_of_each_region(
    reading: Simulator,
) -> None:
    told = {d["name"]: d for d in reading.get("/_simulator/truth", kind="spaces_bucket")["objects"]}
    seen = set()
    for region in {document["region"] for document in told.values()}:
        spaces = client(reading, region)
        for bucket in spaces.list_buckets()["Buckets"]:
            name = bucket["Name"]
            assert told[name]["region"] == region
            assert spaces.get_bucket_location(Bucket=name)["LocationConstraint"] == region
            seen.add(name)
            sizes = []
            for operation in ("list_objects", "list_objects_v2"):
                pages = spaces.get_paginator(operation).paginate(Bucket=name)
                sizes.append([held["Size"] for page in pages for held in page.get("Contents", [])])
            assert sizes[0] == sizes[1]
            assert sum(sizes[0]) == int(Decimal(str(told[name]["size_gigabytes"])) * 2**30)
    assert seen == set(told)


def test_a_list_of_objects_can_be_narrowed(reading: Simulator) -> None:
    spaces = client(reading, "nyc3")
    few = spaces.list_objects_v2(Bucket="acme-assets", MaxKeys=2, Prefix="object-0000001")
    assert [held["Key"] for held in few["Contents"]] == ["object-00000010", "object-00000011"]
    assert (few["KeyCount"], few["MaxKeys"], few["IsTruncated"]) == (2, 2, True)
    rest = spaces.list_objects_v2(
        Bucket="acme-assets", Prefix="object-0000001", StartAfter="object-00000017"
    )
    assert [held["Key"][-1] for held in rest["Contents"]] == ["8", "9"]
    assert not rest["IsTruncated"]
    with pytest.raises(ClientError, match="InvalidArgument"):
        spaces.list_objects_v2(Bucket="acme-assets", MaxKeys=-1)


def test_the_headers_say_what_the_objects_add_up_to(sim: Simulator) -> None:
    fields = {"size_gigabytes": "62.6"}
    sim.post(
        "/_simulator/mutate",
        {"do": "set", "kind": "spaces_bucket", "id": "acme-assets", "fields": fields},
    )
    told = ask(sim, "/s3/nyc3/acme-assets", method="HEAD").headers
    sizes: list[int] = []
    token, pages = "", 0
    while True:
        path = "/s3/nyc3/acme-assets?list-type=2"
        path += f"&continuation-token={token}" if token else ""
        root = fromstring(ask(sim, path).content)
        sizes += [int(size.text or "") for size in root.iter(f"{S3}Size")]
        token = root.findtext(f"{S3}NextContinuationToken", "")
        pages += 1
        if not token:
            break
    assert pages == 2
    assert sum(sizes) == int(told["x-rgw-bytes-used"]) == int(62.6 * 2**30)
    assert len(sizes) == int(told["x-rgw-object-count"])


@pytest.mark.parametrize(
    ("path", "signed_for", "status", "code"),
    [
        ("/s3/nyc3/", "ams3", 400, "AuthorizationHeaderMalformed"),
        ("/s3/nyc3/hooli-models?list-type=2", "", 404, "NoSuchBucket"),
        ("/s3/nyc3/nobodys?list-type=2", "", 404, "NoSuchBucket"),
    ],
)
def test_a_request_for_another_region_is_refused(
    reading: Simulator, path: str, signed_for: str, status: int, code: str
) -> None:
    answer = ask(reading, path, signed_for=signed_for)
    assert answer.status_code == status
    assert fromstring(answer.content).findtext("Code") == code


def test_an_api_token_is_no_spaces_key_and_a_revoked_one_opens_nothing(sim: Simulator) -> None:
    assert sim.client.get("/s3/nyc3/").status_code == 403
    assert ask(sim, "/s3/nyc3/").status_code == 200
    sim.post("/_simulator/tokens", {"token": ANY_KEY.access_key, "revoked": True}, 204)
    assert ask(sim, "/s3/nyc3/").status_code == 403
