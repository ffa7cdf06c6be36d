"""The parts of the local stack: their commands and dependencies."""

import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.flows import TaskQueue
from gateway.render import CONFIGURATION, write_configuration
from services.common.settings import DEVELOPMENT_SECRETS, Port, Service, Settings
from stack.engines.engine import Command
from stack.engines.envoy import Envoy
from stack.engines.postgres import Postgres
from stack.engines.temporal import Temporal
from stack.layout import Layout
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving, http_ok, queue_polled
from stack.processes.process import Mark

__all__ = ["FIRST_SYNC", "Part", "first_sync", "local_parts"]

FIRST_SYNC: Final = "sync"

OWN_GRACE: Final = 30.0
"""Our programs finish their current work; a worker may take 20 s."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack. Without a probe it runs once and must exit successfully."""

    name: str
    command: Callable[[], Command]
    ready: Callable[[Mark], bool] | None = None
    after: tuple[str, ...] = ()
    """Parts that must be ready before it starts, and stop after it."""
    ports: tuple[int, ...] = ()
    prepare: Callable[[], object] | None = None
    timeout: float = 90.0
    """Timeout in seconds to become ready."""
    grace: float = 10.0
    """Timeout in seconds to stop."""


def local_parts(settings: Settings, layout: Layout) -> tuple[Part, ...]:
    """All parts, in start order."""
    ui_host = _hidden_loopback()
    return (
        _postgres(settings, layout),
        _temporal(settings, layout, ui_host),
        *([_simulator(settings, layout)] if settings.simulated else []),
        Part("migrate", lambda: _module(layout, "cli.app", "migrate"), after=("postgres",)),
        Part("seed", lambda: _module(layout, "cli.app", "catalog", "seed"), after=("migrate",)),
        *(_service(settings, layout, service) for service in Service),
        _worker(settings, layout),
        _gateway(settings, layout, ui_host),
    )


def first_sync(layout: Layout) -> Part:
    """The first sync, run once when everything is ready, so that there is data to see."""
    return Part(FIRST_SYNC, lambda: _module(layout, "cli.app", "sync"), timeout=60.0)


def _module(layout: Layout, name: str, *arguments: str) -> Command:
    """The command of one of our programs."""
    environment = {
        **os.environ,
        "ARCADIA_DATA_DIR": str(layout.folder),
        "PYTHONUNBUFFERED": "1",
    }
    # -P: modules in the current directory are not imported.
    return Command((sys.executable, "-P", "-m", name, *arguments), environment, Path("/"))


def _postgres(settings: Settings, layout: Layout) -> Part:
    port = settings.port(Port.POSTGRES)
    engine = Postgres(layout.postgres, port, DEVELOPMENT_SECRETS["database"])
    return Part(
        "postgres",
        engine.command,
        lambda mark: engine.ready(mark.pid),
        ports=(port,),
        prepare=engine.prepare,
        grace=20.0,
    )


def _hidden_loopback() -> str:
    """One of 16 million loopback addresses, which a web page cannot guess.

    Temporal's UI listens on it and does not check the host name of requests; the gateway, the only
    way to it, does (DNS rebinding).
    """
    # Not 127.0.*, which has 127.0.0.1 and the addresses that Linux distributions use.
    second, third, fourth = (1 + secrets.randbelow(254) for _ in range(3))
    return f"127.{second}.{third}.{fourth}"


def _temporal(settings: Settings, layout: Layout, ui_host: str) -> Part:
    port = settings.port(Port.TEMPORAL)
    engine = Temporal(
        layout.temporal,
        port,
        settings.port(Port.TEMPORAL_UI),
        ui_host,
        settings.temporal_namespace,
    )
    return Part(
        "temporal",
        engine.command,
        lambda _: grpc_serving(f"127.0.0.1:{port}", TEMPORAL_FRONTEND),
        ports=(port,),
        prepare=engine.prepare,
    )


def _simulator(settings: Settings, layout: Layout) -> Part:
    port = settings.port(Port.SIMULATOR)
    return Part(
        "simulator",
        lambda: _module(
            layout,
            "providers.digitalocean.simulator",
            f"--data-dir={layout.simulator}",
            f"--port={port}",
        ),
        lambda _: http_ok(f"http://127.0.0.1:{port}/_simulator/health"),
        ports=(port,),
    )


def _service(settings: Settings, layout: Layout, service: Service) -> Part:
    address = settings.address(service)
    return Part(
        service,
        lambda: _module(layout, f"services.{service}"),
        lambda _: grpc_serving(address),
        after=("migrate",),
        ports=(int(address.rpartition(":")[2]),),
        grace=OWN_GRACE,
    )


def _worker(settings: Settings, layout: Layout) -> Part:
    return Part(
        "worker",
        lambda: _module(layout, "workflows.worker"),
        lambda mark: queue_polled(
            settings.temporal(),
            settings.temporal_namespace,
            TaskQueue.CLOUD_SYNC_FULL,
            since=mark.started_at(),
        ),
        after=("temporal", *Service, *(("simulator",) if settings.simulated else ())),
        grace=OWN_GRACE,
    )


def _gateway_workers() -> int:
    """Half of the cores, because the gateway shares the machine with everything behind it.

    At least two, so that callers on one are served while the other reads a large body: on two
    cores the second costs a fifth of the throughput of one.
    """
    return max(2, len(os.sched_getaffinity(0)) // 2)


def _gateway(settings: Settings, layout: Layout, ui_host: str) -> Part:
    admin, ui = settings.port(Port.GATEWAY_ADMIN), settings.port(Port.TEMPORAL_UI)
    return Part(
        "gateway",
        Envoy(layout.gateway / CONFIGURATION, workers=_gateway_workers()).command,
        lambda _: http_ok(f"http://127.0.0.1:{admin}/ready"),
        after=tuple(Service),
        ports=(settings.port(Port.GATEWAY), admin, ui),
        prepare=lambda: write_configuration(settings, layout.gateway, temporal_ui=ui_host),
    )
