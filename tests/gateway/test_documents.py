"""The OpenAPI document and its page, served by a real Envoy."""

import json
import re

import pytest

from gateway.documents import OPENAPI, documents
from tests.gateway.harness import Gateway

PATHS = [document.path for document in documents()]
EVERY_DOCUMENT = pytest.mark.parametrize("path", PATHS)


async def test_anyone_reads_the_description_of_the_api(gateway: Gateway) -> None:
    answer = await gateway.http.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(OPENAPI.read_text())


@EVERY_DOCUMENT
async def test_a_document_is_compressed_where_the_client_can_read_it(
    gateway: Gateway, path: str
) -> None:
    compressed = await gateway.http.get(path, headers={"accept-encoding": "gzip, br"})
    plain = await gateway.http.get(path, headers={"accept-encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert compressed.content == plain.content


@EVERY_DOCUMENT
async def test_a_known_document_is_not_sent_again(gateway: Gateway, path: str) -> None:
    etag = (await gateway.http.get(path)).headers["etag"]
    answer = await gateway.http.get(path, headers={"if-none-match": f'"other", {etag}'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert "location" not in answer.headers
    other = await gateway.http.get(path, headers={"if-none-match": '"other"'})
    assert other.status_code == 200


@EVERY_DOCUMENT
async def test_a_document_can_only_be_read(gateway: Gateway, path: str) -> None:
    head = await gateway.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for method in ("POST", "PUT", "DELETE"):
        answer = await gateway.http.request(method, path, headers=gateway.bearer())
        assert answer.status_code == 404, answer.text


async def test_the_page_loads_nothing_from_another_host(gateway: Gateway) -> None:
    page = await gateway.http.get("/api/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]*)"', page.text)
    assert set(loaded) <= {*PATHS, "data:,"}
    assert "http" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'; ")
    assert not re.search(r"https?:|\*|unsafe-eval|script-src[^;]*unsafe", policy)


async def test_the_page_has_no_script_of_its_own(gateway: Gateway) -> None:
    page = (await gateway.http.get("/api/docs")).text
    assert re.findall(r"<script[^>]*>(.*?)</script>", page) == [""]
    assert not re.search(r"<style|\bon\w+=|javascript:", page)


async def test_what_has_its_version_in_its_path_is_kept_for_good(gateway: Gateway) -> None:
    kept = {
        path: (await gateway.http.get(path)).headers["cache-control"].rpartition(" ")[2]
        for path in PATHS
    }
    assert {path for path, rule in kept.items() if rule == "immutable"} == {
        path for path in PATHS if re.search(r"\d+\.\d+", path)
    }
    assert {rule for path, rule in kept.items() if not path.endswith(".js")} == {"no-cache"}


async def test_an_address_reads_documents_only_so_often(narrow: Gateway) -> None:
    client = {"x-forwarded-for": "203.0.113.77"}
    for _ in range(40):
        answer = await narrow.http.get("/api/docs", headers=client)
        if answer.status_code != 200:
            break
    assert answer.status_code == 429
    assert answer.json()["details"][0]["reason"] == "RATE_LIMITED"
