"""The size of bodies: small, unless the method declares more in the proto."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import httpx
import pytest
from arcadia.analytics.v1 import usage_service_pb2

from gateway.limits import Limits
from gateway.routes import read_rpcs
from services.common.rpc.message_limits import MAX_BODY_BYTES
from tests.gateway.harness import Backend, Gateway, refusal, run_gateway

EVENTS = "/api/v1/usage-events"
QUOTE = "/api/v1/quote"
SEND = "/arcadia.analytics.v1.UsageService/SendUsageEvents"
CREATE_QUOTE = "/arcadia.catalog.v1.QuoteService/CreateQuote"


def test_only_methods_that_take_lists_or_documents_have_large_bodies() -> None:
    larger = {rpc.name for rpc in read_rpcs() if rpc.shown and rpc.max_body_bytes > MAX_BODY_BYTES}
    assert larger == {
        "CreateCreditNote", "CreateOneOffInvoice", "CreatePlanVersion", "ProvisionDeployment",
        "RecordSpec", "RetryRollup", "SendUsageEvents", "SimulateCatalog", "UpdatePlanVersion",
        "VoidUsageEvents",
    }  # fmt: skip  # a table


async def test_a_body_above_the_default_is_413_before_it_reaches_a_service(
    gateway: Gateway, backend: Backend
) -> None:
    body = {"plan_code": "x" * MAX_BODY_BYTES}
    assert refusal(await gateway.post(QUOTE, body)) == (413, 8, "REQUEST_TOO_LARGE")
    fitting = {"plan_code": "x" * (MAX_BODY_BYTES - 100)}
    assert (await gateway.post(QUOTE, fitting)).status_code == 200
    assert [arrival.rpc for arrival in backend.arrivals] == ["CreateQuote"]


async def test_a_method_that_declares_more_takes_it_whole(
    gateway: Gateway, backend: Backend
) -> None:
    events = [{"idempotency_key": f"{number:0200}", "qty": "1"} for number in range(5_000)]
    assert len(json.dumps(events)) > 16 * MAX_BODY_BYTES
    assert (await gateway.post(EVENTS, {"events": events})).status_code == 200
    assert len(backend.last.request.events) == 5_000
    larger = {"events": [{"idempotency_key": "x" * 2 * 2**20}]}
    assert refusal(await gateway.post(EVENTS, larger)) == (413, 8, "REQUEST_TOO_LARGE")


async def test_grpc_callers_have_the_same_limits(gateway: Gateway, backend: Backend) -> None:
    events = usage_service_pb2.SendUsageEventsRequest(request_id="x" * 4 * MAX_BODY_BYTES)
    await gateway.call(SEND, events.SerializeToString())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.call(CREATE_QUOTE, b"\x0a" + b"x" * 4 * MAX_BODY_BYTES)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert [arrival.rpc for arrival in backend.arrivals] == ["SendUsageEvents"]


async def test_the_setting_of_the_gateway_lowers_every_limit(
    narrow: Gateway, backend: Backend, tmp_path: Path
) -> None:
    answer = await narrow.http.post(
        EVENTS, json={"events": [{"source": "x" * 2_100}]}, headers=narrow.bearer("many")
    )
    assert refusal(answer) == (413, 8, "REQUEST_TOO_LARGE")


async def test_a_body_of_too_many_values_is_413_before_all_of_it_is_read(
    gateway: Gateway, backend: Backend
) -> None:
    """A list of 500,000 empty objects takes a thread of the gateway half a second."""
    event: dict[str, str] = {}
    assert (await gateway.post(EVENTS, {"events": [event] * 49_990})).status_code == 200
    answer = await gateway.post(EVENTS, {"events": [event] * 500_000})
    assert refusal(answer) == (413, 8, "REQUEST_TOO_LARGE")
    assert len(backend.arrivals) == 1


async def test_a_body_whose_length_is_too_large_is_refused_before_it_is_sent(
    gateway: Gateway, backend: Backend
) -> None:
    for path, length in ((QUOTE, MAX_BODY_BYTES + 1), (EVENTS, 2 * 2**20 + 1)):
        status, body = await gateway.raw(_announced(gateway, path, length))
        assert (status, "REQUEST_TOO_LARGE" in body) == (413, True)
    assert backend.arrivals == []


@pytest.fixture(scope="module")
async def frugal(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """A gateway that takes 10,000 bytes of a caller, and hardly any more."""
    limits = Limits(caller_body_burst_bytes=10_000, caller_body_bytes_per_second=1)
    directory = tmp_path_factory.mktemp("frugal")
    async with run_gateway(directory, served.port, limits=limits) as running:
        yield running


@pytest.mark.parametrize("in_chunks", [False, True])
async def test_the_bodies_of_a_caller_are_counted_together_and_those_of_no_other(
    frugal: Gateway, backend: Backend, in_chunks: bool
) -> None:
    body = json.dumps({"plan_code": "x" * 3_000}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    async def quote(caller: str) -> httpx.Response:
        content = chunks() if in_chunks else body
        return await frugal.http.post(QUOTE, content=content, headers=frugal.bearer(caller))

    eager = f"eager, chunks: {in_chunks}"
    assert [(await quote(eager)).status_code for _ in range(3)] == [200] * 3
    refused = await quote(eager)
    assert refusal(refused) == (429, 8, "RATE_LIMITED")
    assert refused.headers["retry-after"] == "1"
    assert (await quote(f"other, chunks: {in_chunks}")).status_code == 200
    reading = [
        await frugal.http.get("/api/v1/inventory", headers=frugal.bearer(eager)) for _ in range(20)
    ]
    assert {answer.status_code for answer in reading} == {200}  # what has no body costs nothing


async def test_more_bytes_than_a_caller_has_left_are_refused_before_they_are_sent(
    frugal: Gateway, backend: Backend
) -> None:
    """Else they fill the memory of the gateway, which refuses everybody then."""
    status, body = await frugal.raw(_announced(frugal, EVENTS, 10_001))
    assert (status, "RATE_LIMITED" in body) == (429, True)


async def test_grpc_messages_of_a_caller_are_counted_together(
    frugal: Gateway, backend: Backend
) -> None:
    token = frugal.token("eager over gRPC")
    message = b"\x0a\xb8\x17" + b"x" * 3_000
    for _ in range(3):
        await frugal.call(CREATE_QUOTE, message, token=token)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await frugal.call(CREATE_QUOTE, message, token=token)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def _announced(gateway: Gateway, path: str, length: int) -> str:
    """The head of a request, whose body does not come."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {gateway.token('large')}\r\ncontent-length: {length}\r\n\r\n"
    )
