"""The worker process: `python -m workflows.worker`. Constructs and connects its parts."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx
import stamina
import structlog
import uvloop
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from temporalio.client import Client, Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    OpenTelemetryConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from contracts.flows import register_search_attributes
from services.common.durable import connect
from services.common.rpc.clients import connect as connect_service
from services.common.rpc.telemetry import configure_logging, configure_telemetry
from services.common.settings import Service, Settings
from workflows.assembly import SUBSYSTEMS, Peers, ProviderTokens, activities_of, spaces_of
from workflows.durable.releases import deployment_of
from workflows.schedules import ensure_schedules, planned

__all__ = ["WORKFLOW_RUNNER", "main", "workers"]

Result = TypeVar("Result")

NAMESPACE_SECONDS: Final = 60.0
"""How long an unknown namespace is tolerated, because Temporal's frontends cache namespaces."""

PROGRAM: Final = "worker"
log = structlog.get_logger()

WORKFLOW_RUNNER: Final = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        "arcadia",
        "contracts",
        "google",
        "grpc",
        "httpx",
        "providers",
        "pydantic",
        "services",
        "structlog",
    )
)
"""Modules passed through the sandbox: used by activities only, or declarations."""

SDK_LOGS: Final = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
)
"""Forwards logs of the SDK's native core to our log."""

GRACE: Final = timedelta(seconds=20)
"""Grace period for activities; interrupted ones resume from their cursor elsewhere."""

FLUSH_MILLISECONDS: Final = 3000
HEARTBEATS_APART: Final = timedelta(seconds=1)
ACTIVITIES_AT_ONCE: Final = 8
"""Maximum concurrent activities; each holds a few pages, so this bounds memory."""


@asynccontextmanager
async def workers(
    settings: Settings, client: Client, *, grace: timedelta = GRACE
) -> AsyncIterator[Sequence[Worker]]:
    """The workers of this process, one per task queue."""
    async with AsyncExitStack() as held:
        tokens = ProviderTokens(settings)
        channels = {
            service.value: await held.enter_async_context(
                connect_service(settings, service, caller=PROGRAM)
            )
            for service in Service
        }
        spaces = await held.enter_async_context(spaces_of(settings))
        http = await held.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        made = []
        for queue, subsystem in SUBSYSTEMS.items():
            provider = await held.enter_async_context(tokens.client(queue))
            peers = Peers(settings, provider, spaces, http, **channels)
            made.append(
                Worker(
                    client,
                    task_queue=queue,
                    workflows=subsystem.workflows,
                    activities=activities_of(subsystem, peers),
                    workflow_runner=WORKFLOW_RUNNER,
                    max_concurrent_activities=ACTIVITIES_AT_ONCE,
                    max_concurrent_workflow_tasks=8,
                    max_cached_workflows=100,
                    max_heartbeat_throttle_interval=HEARTBEATS_APART,
                    default_heartbeat_throttle_interval=HEARTBEATS_APART,
                    graceful_shutdown_timeout=grace,
                    deployment_config=deployment_of(settings, queue),
                )
            )
        yield made


async def _connected(settings: Settings) -> Client:
    """Waits for Temporal indefinitely, and logs it."""
    interceptors: list[Interceptor] = []
    metrics = None
    if configure_telemetry(settings, PROGRAM):
        interceptors.append(TracingInterceptor())
        metrics = OpenTelemetryConfig(
            url=settings.otel_endpoint, metric_periodicity=timedelta(seconds=30)
        )
    runtime = Runtime(telemetry=TelemetryConfig(logging=SDK_LOGS, metrics=metrics))
    log.info("connecting to temporal", address=settings.temporal())
    async for attempt in stamina.retry_context(
        on=RuntimeError, attempts=None, timeout=None, wait_initial=0.2, wait_max=3.0
    ):
        with attempt:
            return await connect(settings, interceptors=interceptors, runtime=runtime)
    raise AssertionError("retries until connected")


async def _serve(settings: Settings) -> None:
    stop = _stop_requested()
    if (client := await _unless(stop, _prepared(settings))) is None:
        return
    async with AsyncExitStack() as running:
        for worker in await running.enter_async_context(workers(settings, client)):
            await running.enter_async_context(worker)
        log.info("worker ready", queues=[str(queue) for queue in SUBSYSTEMS])
        await stop.wait()
        log.info("worker stopping")


async def _prepared(settings: Settings) -> Client:
    client = await _connected(settings)
    async for attempt in stamina.retry_context(
        on=_namespace_is_unknown, attempts=None, timeout=NAMESPACE_SECONDS, wait_max=2.0
    ):
        with attempt:
            await register_search_attributes(client)
            await ensure_schedules(client, planned(settings))
    return client


def _namespace_is_unknown(error: Exception) -> bool:
    return isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND


def _stop_requested() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """The result of the work; None if it was cancelled by a shutdown."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    return None


def main() -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code."""
    settings = Settings()
    configure_logging(settings, PROGRAM)
    # A page has tens of thousands of short-lived objects without cycles. The garbage collector
    # took a quarter of a sweep's time to look for cycles.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        uvloop.run(_serve(settings))
    except Exception:
        log.exception("worker failed")
        return 1
    return 0


def _flush() -> None:
    """Flushes telemetry and logs."""
    tracing = trace.get_tracer_provider()
    if isinstance(tracing, TracerProvider):
        tracing.force_flush(FLUSH_MILLISECONDS)
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    code = main()
    _flush()
    # The interpreter may abort in the SDK's native threads at exit, after everything is done.
    os._exit(code)
