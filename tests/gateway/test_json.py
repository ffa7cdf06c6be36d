"""The JSON format of messages."""

from typing import Any

import grpc
from arcadia.inventory.v1 import inventory_service_pb2, resources_pb2
from google.api import httpbody_pb2

from services.common import errors
from services.common.rpc.downloads import sent_as
from tests.gateway.harness import Backend, Gateway, refusal


async def test_names_are_those_of_the_protos_and_nothing_is_left_out(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.get("/api/v1/inventory")
    assert answer.json() == {"resources": [], "next_page_token": ""}


async def test_a_64_bit_integer_is_a_string(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.get("/api/v1/inventory:count")
    assert answer.json()["total"] == "9007199254740993"


async def test_query_parameters_become_fields(gateway: Gateway, backend: Backend) -> None:
    await gateway.get("/api/v1/inventory?page_size=7&query=a+b%2Bc&view=resource_view_full")
    request = backend.last.request
    assert (request.page_size, request.query) == (7, "a b+c")
    assert request.view == inventory_service_pb2.RESOURCE_VIEW_FULL


async def test_a_large_page_passes(gateway: Gateway, backend: Backend) -> None:
    async def large(request: Any, context: Any) -> Any:
        resource = resources_pb2.Resource(name="x" * 16_000)
        return inventory_service_pb2.ListResourcesResponse(resources=[resource] * 500)

    backend.answers["ListResources"] = large
    answer = await gateway.get("/api/v1/inventory")
    assert len(answer.json()["resources"]) == 500


async def test_responses_are_not_cached(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.get("/api/v1/inventory")
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith(("grpc-", "x-envoy-"))]


async def test_an_idempotency_key_reaches_the_service(gateway: Gateway, backend: Backend) -> None:
    await gateway.post("/api/v1/inventory/7/assign", {}, idempotency_key="once")
    assert backend.last.metadata["idempotency-key"] == "once"


async def test_a_write_without_a_key_gets_one_before_its_first_try(
    gateway: Gateway, backend: Backend
) -> None:
    keys: list[str] = []

    async def lost_once(request: Any, context: Any) -> Any:
        keys.append(dict(context.invocation_metadata())["idempotency-key"])
        if len(keys) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the answer to COMMIT was lost")
        return inventory_service_pb2.AssignResourceResponse()

    backend.answers["AssignResource"] = lost_once
    for _ in range(2):
        assert (await gateway.post("/api/v1/inventory/7/assign", {})).status_code == 200
    first, again, other = keys
    assert first == again
    assert first.startswith("gateway-")
    assert other != first


async def test_a_read_gets_no_key(gateway: Gateway, backend: Backend) -> None:
    await gateway.get("/api/v1/inventory")
    assert "idempotency-key" not in backend.last.metadata


async def test_a_quote_without_a_key_is_not_sent_again_when_it_may_have_arrived(
    gateway: Gateway, backend: Backend
) -> None:
    async def lost(request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the answer to COMMIT was lost")

    backend.answers["CreateQuote"] = lost
    refused = await gateway.post("/api/v1/quote", {"plan_code": "studio"})
    assert refused.status_code == 503
    assert [arrival.rpc for arrival in backend.arrivals] == ["CreateQuote"]
    assert "idempotency-key" not in backend.last.metadata


async def test_a_document_comes_as_it_is_and_its_errors_as_json(
    gateway: Gateway, backend: Backend
) -> None:
    document = await gateway.get("/api/v1/invoices/7/document?format=pdf")
    assert (document.headers["content-type"], document.content) == ("application/pdf", b"%PDF-")

    async def named(request: Any, context: Any) -> Any:
        body = httpbody_pb2.HttpBody(content_type="text/csv; charset=utf-8", data=b"1")
        return await sent_as("INV-000001", body, context)

    backend.answers["DownloadInvoice"] = named
    document = await gateway.get("/api/v1/invoices/7/document?format=focus")
    assert document.headers["content-disposition"] == 'attachment; filename="INV-000001.csv"'

    async def missing(request: Any, context: Any) -> Any:
        status = errors.to_status(errors.NotFound("invoice", request.id))
        await context.abort(status.code, status.details, tuple(status.trailing_metadata or ()))

    backend.answers["DownloadInvoice"] = missing
    answer = await gateway.get("/api/v1/invoices/7/document")
    assert refusal(answer) == (404, 5, "INVOICE_NOT_FOUND")
