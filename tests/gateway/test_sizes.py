"""How large a body may be: little, unless its method declares more in the proto."""

import json
from pathlib import Path

import grpc
import pytest
from arcadia.analytics.v1 import usage_service_pb2

from gateway.routes import read_rpcs
from services.common.rpc.message_limits import MAX_BODY_BYTES
from tests.gateway.harness import Backend, Gateway, refusal

EVENTS = "/api/v1/usage-events"
QUOTE = "/api/v1/quote"
SEND = "/arcadia.analytics.v1.UsageService/SendUsageEvents"
CREATE_QUOTE = "/arcadia.catalog.v1.QuoteService/CreateQuote"


def test_what_may_be_large_is_what_takes_lists_or_documents() -> None:
    larger = {rpc.name for rpc in read_rpcs() if rpc.shown and rpc.max_body_bytes > MAX_BODY_BYTES}
    assert larger == {
        "CreateCreditNote", "CreateOneOffInvoice", "CreatePlanVersion", "RecordSpec",
        "RetryRollup", "SendUsageEvents", "UpdatePlanVersion", "VoidUsageEvents",
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
    larger = {"events": [{"idempotency_key": "x" * 5 * 2**20}]}
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
