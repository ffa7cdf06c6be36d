"""Telemetry: JSON logs, and optionally OpenTelemetry.

Traces and metrics are sent to `OTEL_EXPORTER_OTLP_ENDPOINT` if it is set; otherwise nothing is
measured.
"""

import logging
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import orjson
import structlog
from opentelemetry import metrics, propagate, trace

from services.common.rpc.requests import current_request_id
from services.common.settings import Settings

__all__ = ["CallTelemetry", "configure_logging", "configure_telemetry", "trace_headers"]


Metadata = Iterable[tuple[str, str | bytes]]


def configure_logging(settings: Settings, program: str) -> None:
    """Configures structlog and the standard library's logging to write JSON lines to stdout."""
    # gRPC's native core writes its own lines; relevant ones also arrive as errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    level = logging.getLevelName(settings.log_level.upper())

    def name_program(
        logger: object, method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["program"] = program
        request_id = current_request_id()
        if request_id:
            event.setdefault("request_id", request_id)
        return event

    shared: list[structlog.typing.Processor] = [
        name_program,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(
                    serializer=lambda *a, **k: _dumps(*a, **k).decode()
                ),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # At level info they log every request with its URL.
    for chatty in ("httpx", "httpcore", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _dumps(value: Any, default: Any = str, **_: Any) -> bytes:
    return orjson.dumps(value, default=default)


def configure_telemetry(settings: Settings, program: str) -> bool:
    """Starts exporting traces and metrics; returns whether a collector is configured."""
    if not settings.otel_endpoint:
        return False
    # Imported only if needed: they take an eighth of a program's start.
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(
        {"service.name": f"arcadia-{program}", "deployment.environment.name": settings.env}
    )
    insecure = not settings.otel_endpoint.startswith("https")
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(settings.otel_endpoint, insecure=insecure))
    )
    trace.set_tracer_provider(tracing)
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(settings.otel_endpoint, insecure=insecure)
    )
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))
    return True


class CallTelemetry:
    """Spans, counts and durations of calls."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("arcadia")
        self._duration = metrics.get_meter("arcadia").create_histogram(
            "rpc.server.duration", unit="ms", description="Time to answer an RPC"
        )

    def span(self, method: str, metadata: Metadata) -> AbstractContextManager[trace.Span]:
        """A server span, as a child of the caller's span if the metadata has a `traceparent`."""
        carrier = {key: value for key, value in metadata if isinstance(value, str)}
        return self._tracer.start_as_current_span(
            method.removeprefix("/"),
            context=propagate.extract(carrier),
            kind=trace.SpanKind.SERVER,
            attributes={"rpc.system": "grpc"},
        )

    def record(self, method: str, status: str, seconds: float) -> None:
        """Counts a completed call; marks the span of a failed one."""
        if status != "OK":
            trace.get_current_span().set_status(trace.StatusCode.ERROR, status)
        self._duration.record(seconds * 1000, {"rpc.method": method, "rpc.status": status})


def trace_headers() -> dict[str, str]:
    """The metadata that propagates the current trace; empty outside of one."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
