"""A service that refuses large requests releases their memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import grpc
import psutil
import pytest
from arcadia.analytics.v1 import usage_pb2, usage_service_pb2, usage_service_pb2_grpc
from arcadia.catalog.v1 import quote_service_pb2, quote_service_pb2_grpc
from google.protobuf import struct_pb2
from google.protobuf.message import Message

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.support.environment import environment_of
from tests.support.ports import free_port

BODY = 4_700_000
CALLS = 40
"""Of which each was kept: 188 MB, and several times that once they were read."""
MAY_GROW = 50 * 2**20


def large_quote() -> quote_service_pb2.CreateQuoteRequest:
    """More usage than a quote takes."""
    usage = {f"meter-{'x' * 200}-{n}": struct_pb2.Value(number_value=n) for n in range(20_000)}
    return quote_service_pb2.CreateQuoteRequest(plan_code="pro", projected_usage=usage)


def large_events() -> usage_service_pb2.SendUsageEventsRequest:
    """Smaller than it may be, and refused when it is read: it has an event too many."""
    key = "k" * (BODY // 5_001)
    events = [usage_pb2.UsageEvent(idempotency_key=key)] * 5_001
    return usage_service_pb2.SendUsageEventsRequest(events=events)


def empty_events() -> usage_service_pb2.SendUsageEventsRequest:
    """Two bytes an event on the wire, and 130 in memory if they were read."""
    return usage_service_pb2.SendUsageEventsRequest(events=[usage_pb2.UsageEvent()] * 2_100_000)


@pytest.mark.parametrize(
    ("service", "stub", "method", "make", "code"),
    [
        (
            Service.CATALOG, quote_service_pb2_grpc.QuoteServiceStub, "CreateQuote",
            large_quote, grpc.StatusCode.RESOURCE_EXHAUSTED,
        ),
        (
            Service.ANALYTICS, usage_service_pb2_grpc.UsageServiceStub, "SendUsageEvents",
            large_events, grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            Service.ANALYTICS, usage_service_pb2_grpc.UsageServiceStub, "SendUsageEvents",
            empty_events, grpc.StatusCode.RESOURCE_EXHAUSTED,
        ),
    ],
)  # fmt: skip  # a table
def test_refused_calls_free_their_memory(
    fresh_settings: Callable[..., Settings],
    service: Service,
    stub: Callable[[grpc.Channel], object],
    method: str,
    make: Callable[[], Message],
    code: grpc.StatusCode,
) -> None:
    address = f"127.0.0.1:{free_port()}"
    settings = fresh_settings(service, **{f"{service}_address": address})
    token = mint_user_token(settings, subject="op", roles=[OPERATOR_ROLE])
    request = make()
    assert request.ByteSize() > 4_000_000
    with running(service, settings) as process, grpc.insecure_channel(address) as channel:
        calling = getattr(cast("Any", stub)(channel), method)

        def refused() -> None:
            with pytest.raises(grpc.RpcError) as refusal:
                calling(
                    request,
                    metadata=[("authorization", f"Bearer {token}")],
                    wait_for_ready=True,
                    timeout=120,
                )
            assert cast("grpc.Call", refusal.value).code() is code

        for _ in range(5):  # what is made once: imports, caches, buffers
            refused()
        before = process.memory_info().rss
        for _ in range(CALLS):
            refused()
        assert process.memory_info().rss - before < MAY_GROW


@contextmanager
def running(service: Service, settings: Settings) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"services.{service}"],
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=120)
