"""Telemetry: JSON logs always, OpenTelemetry when configured."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import (
    metrics_service_pb2,
    metrics_service_pb2_grpc,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

LOGGING_PROGRAM = """
import logging, structlog
from services.common.rpc.requests import set_request_id
from services.common.settings import Settings
from services.common.rpc.telemetry import configure_logging
configure_logging(Settings(), "inventory")
structlog.get_logger("x").info("outside")
set_request_id("request-7")
structlog.get_logger("x").warning("inside", rows=3)
logging.getLogger("some.library").warning("from a library: %s", "words")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("x").exception("broke")
"""

TRACING_PROGRAM = """
from opentelemetry import metrics, trace
from services.common.settings import Settings
from services.common.rpc.telemetry import CallTelemetry, configure_telemetry, trace_headers
assert configure_telemetry(Settings(), "inventory")
telemetry = CallTelemetry()
parent = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
with telemetry.span("/arcadia.inventory.v1.InventoryService/ListResources", parent):
    assert "0af7651916cd43dd8448eb211c80319c" in trace_headers()["traceparent"]
    telemetry.record("/arcadia.inventory.v1.InventoryService/ListResources", "OK", 0.01)
trace.get_tracer_provider().shutdown()
metrics.get_meter_provider().shutdown()
"""


def run(program: str, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_every_line_is_json_and_names_the_program_the_level_the_time_and_the_request() -> None:
    lines = [json.loads(line) for line in run(LOGGING_PROGRAM).splitlines()]
    assert [line["event"] for line in lines] == [
        "outside",
        "inside",
        "from a library: words",
        "broke",
    ]
    assert {line["program"] for line in lines} == {"inventory"}
    assert [line.get("request_id") for line in lines] == [None, *["request-7"] * 3]
    assert [line["level"] for line in lines] == ["info", "warning", "warning", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[1]["rows"] == 3
    assert "ZeroDivisionError" in lines[3]["exception"]


class Collector(
    trace_service_pb2_grpc.TraceServiceServicer, metrics_service_pb2_grpc.MetricsServiceServicer
):
    """A collector that keeps what it gets; the two services have one method name."""

    def __init__(self) -> None:
        self.received: list[Any] = []

    def Export(self, request: Any, context: Any) -> Any:
        self.received.append(request)
        if isinstance(request, trace_service_pb2.ExportTraceServiceRequest):
            return trace_service_pb2.ExportTraceServiceResponse()
        return metrics_service_pb2.ExportMetricsServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    servicer = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(servicer, server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer, port
    server.stop(None).wait()


def test_traces_and_metrics_reach_the_configured_collector(
    collector: tuple[Collector, int],
) -> None:
    servicer, port = collector
    run(TRACING_PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + 120
    while len(servicer.received) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    spans = [
        span
        for request in servicer.received
        if isinstance(request, trace_service_pb2.ExportTraceServiceRequest)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert [span.name for span in spans] == ["arcadia.inventory.v1.InventoryService/ListResources"]
    assert spans[0].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert spans[0].parent_span_id.hex() == "b7ad6b7169203331"
    measured = str(
        [
            r
            for r in servicer.received
            if "resource_metrics" in str(type(r).DESCRIPTOR.fields_by_name.keys())
        ]
    )
    assert "rpc.server.duration" in measured
    assert "arcadia-inventory" in measured
