"""The process: configuration, JSON logs, the web server, and shutdown on SIGTERM."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, SIGTERM, pthread_sigmask, sigwait
from threading import Event, Thread
from typing import Final

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.config import Environment, configure
from providers.digitalocean.simulator.moods import MOODS
from providers.digitalocean.simulator.routes import (
    billing,
    control,
    control_world,
    droplet_writes,
    listing,
    parts,
    prices,
    projects,
    spaces,
    tags,
)
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.start import open_simulation
from providers.digitalocean.simulator.web.errors import (
    ApiError,
    NotFound,
    error_response,
    unexpected_response,
)
from providers.digitalocean.simulator.web.gate import Gate

__all__ = ["build", "main"]

GRACE_SECONDS: Final = 5
"""How long running requests are awaited at shutdown."""
BUSY_SECONDS: Final = 1.0
"""If the process has not reacted to a signal after this time, it is in a long call."""


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class _Server(uvicorn.Server):
    """A server that exits with status 0 after SIGTERM."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stops on SIGTERM and SIGINT, without raising the signal again at the end.

        A thread waits for them, because a handler would not run during a long statement of a
        control call.
        """
        signals = {SIGTERM, SIGINT}
        former = pthread_sigmask(SIG_BLOCK, signals)
        ended, loop = Event(), asyncio.get_running_loop()

        def stop_when_signalled() -> None:
            sigwait(signals)
            self.should_exit = True
            answered = Event()
            loop.call_soon_threadsafe(answered.set)
            if not answered.wait(BUSY_SECONDS) or not ended.wait(GRACE_SECONDS + BUSY_SECONDS):
                # Uncommitted changes are rolled back when the file is opened again.
                os._exit(0)

        Thread(target=stop_when_signalled, daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            pthread_sigmask(SIG_SETMASK, former)


def _log_as_json(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def main(arguments: Sequence[str]) -> int:
    """Serves until stopped; returns the exit status. A port in use has its own error."""
    config = configure(arguments, Environment(), MOODS)
    _log_as_json(config.log_level)
    simulation = open_simulation(config)
    server = _Server(
        uvicorn.Config(
            build(simulation),
            host="127.0.0.1",
            port=config.port,
            loop="uvloop",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    logging.getLogger("simulator").info("simulator starting on 127.0.0.1:%d", config.port)
    try:
        server.run()
    finally:
        simulation.store.close()
    return 0 if server.started else 1


_AREAS = (
    projects,
    droplet_writes,
    parts,
    prices,
    tags,
    billing,
    control,
    control_world,
    spaces,
    listing,
)


async def _unknown_path(request: Request, error: Exception) -> Response:
    """The framework's 404 and 405, in the API's format."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return await error_response(request, NotFound("The method is not offered here."))
    return await error_response(request, NotFound())


def build(simulation: Simulation) -> Gate:
    """The ASGI application that serves a simulation."""
    app = Starlette(
        routes=[route for area in _AREAS for route in area.routes],
        exception_handlers={
            ApiError: error_response,
            HTTPException: _unknown_path,
            Exception: unexpected_response,
        },
    )
    app.router.redirect_slashes = False
    app.state.simulation = simulation
    return Gate(app, simulation)
