"""The S3 API of Spaces, for listing and measuring buckets: below `/s3/<region>`.

Any access key that is not revoked is accepted, like any token; only the format of signatures is
checked. Objects are not stored: a bucket has as many objects of one size as its bytes need.
"""

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document, Query
from providers.digitalocean.simulator.web.errors import ApiError

__all__ = ["AUTHORIZATION", "BELOW", "bucket_bytes", "routes"]

BELOW: Final = "/s3/"
"""Its path: `SPACES_ENDPOINT` is the simulator's address with `/s3/{region}`."""

AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/\d{8}/([a-z0-9-]+)/s3/aws4_request, ?"
    r"SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}"
)
NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
BYTES_A_GIGABYTE: Final = 2**30
OBJECT_BYTES: Final = 64 * 2**20
OBJECT_KEY: Final = "object-{:08}"
MAX_KEYS: Final = 1000


def bucket_bytes(document: Document) -> int:
    """The size of a bucket."""
    return int(Decimal(str(document["size_gigabytes"])) * BYTES_A_GIGABYTE)


class _Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def _admit(request: Request) -> str:
    """The requested region. Raises _Refused if the request is not signed for it."""
    region = str(request.path_params["region"])
    signed = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if signed is None:
        raise _Refused(403, "AccessDenied")
    try:
        simulation_of(request).tokens.admit(signed[1], request.method, request.url.path)
    except ApiError as error:
        raise _Refused(403, "InvalidAccessKeyId") from error
    if signed[2] != region:
        raise _Refused(400, "AuthorizationHeaderMalformed")
    return region


def _answering(
    answer: Callable[[Request, str], Response],
) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return answer(request, _admit(request))
        except _Refused as refused:
            root = Element("Error")
            SubElement(root, "Code").text = refused.code
            return _xml(root, refused.status)

    return answered


def _list_buckets(request: Request, region: str) -> Response:
    root = Element("ListAllMyBucketsResult", xmlns=NAMESPACE)
    buckets = SubElement(root, "Buckets")
    bodies, _ = simulation_of(request).store.page(Query("spaces_bucket"), 0, -1)
    for document in map(_document, bodies):
        if document["region"] == region:
            bucket = SubElement(buckets, "Bucket")
            SubElement(bucket, "Name").text = str(document["name"])
            SubElement(bucket, "CreationDate").text = str(document.get("created_at", ""))
    return _xml(root)


def _head_bucket(request: Request, region: str) -> Response:
    document = _bucket(request, region)
    if document.get("without_statistics"):
        return Response()
    size = bucket_bytes(document)
    headers = {"x-rgw-bytes-used": str(size), "x-rgw-object-count": str(_object_count(size))}
    return Response(headers=headers)


def _read_bucket(request: Request, region: str) -> Response:
    """Its objects, by either version of the list, or its location."""
    document = _bucket(request, region)
    if "location" in request.query_params:
        root = Element("LocationConstraint", xmlns=NAMESPACE)
        root.text = region
        return _xml(root)
    return _list_objects(request, document)


def _list_objects(request: Request, document: Document) -> Response:
    asked = request.query_params
    second = asked.get("list-type") == "2"
    size, prefix = bucket_bytes(document), asked.get("prefix", "")
    after = asked.get("continuation-token") or asked.get("start-after" if second else "marker", "")
    most = _most_keys(asked.get("max-keys", ""))
    keys = [
        (number, key)
        for number, key in enumerate(map(OBJECT_KEY.format, range(_object_count(size))))
        if key.startswith(prefix) and key > after
    ]
    shown = keys[:most]
    truncated = 0 < most < len(keys)
    root = Element("ListBucketResult", xmlns=NAMESPACE)
    for name, value in (("Name", document["name"]), ("Prefix", prefix), ("MaxKeys", most)):
        SubElement(root, name).text = str(value)
    SubElement(root, "IsTruncated").text = str(truncated).lower()
    for number, key in shown:
        held = SubElement(root, "Contents")
        SubElement(held, "Key").text = key
        SubElement(held, "LastModified").text = str(document.get("created_at", ""))
        SubElement(held, "Size").text = str(min(OBJECT_BYTES, size - number * OBJECT_BYTES))
        SubElement(held, "StorageClass").text = "STANDARD"
    if second:
        SubElement(root, "KeyCount").text = str(len(shown))
    if truncated:
        name = "NextContinuationToken" if second else "NextMarker"
        SubElement(root, name).text = shown[-1][1]
    return _xml(root)


def _most_keys(asked: str) -> int:
    if not asked:
        return MAX_KEYS
    if not asked.isdecimal():
        raise _Refused(400, "InvalidArgument")
    return min(int(asked), MAX_KEYS)


def _bucket(request: Request, region: str) -> Document:
    simulation: Simulation = simulation_of(request)
    found = simulation.store.document("spaces_bucket", str(request.path_params["bucket"]))
    if found is None or found["region"] != region:
        raise _Refused(404, "NoSuchBucket")
    return found


def _object_count(size: int) -> int:
    return -(-size // OBJECT_BYTES)


def _document(body: bytes) -> Document:
    document: Document = orjson.loads(body)
    return document


def _xml(root: Element, status: int = 200) -> Response:
    return Response(tostring(root), status, media_type="application/xml")


routes = [
    Route("/s3/{region}", _answering(_list_buckets), methods=["GET"]),
    Route("/s3/{region}/{bucket}", _answering(_head_bucket), methods=["HEAD"]),
    Route("/s3/{region}/{bucket}", _answering(_read_bucket), methods=["GET"]),
]
"""ListBuckets, HeadBucket, GetBucketLocation, ListObjects and ListObjectsV2."""
