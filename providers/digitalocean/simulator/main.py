"""The process: configuration, JSON logs, the web server, and an end on SIGTERM."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from signal import SIGINT, SIGTERM, signal

import orjson
import uvicorn

from providers.digitalocean.simulator.app import build
from providers.digitalocean.simulator.config import configure
from providers.digitalocean.simulator.start import open_simulation
from services.common.settings import Settings

__all__ = ["main"]


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
    """Ends with status 0 after SIGTERM: being told to stop is no failure."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on SIGTERM and SIGINT, without raising the signal again at the end."""
        former = {s: signal(s, self.handle_exit) for s in (SIGTERM, SIGINT)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal(number, handler)


def _log_as_json(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; the exit status. A taken port is an error of its own."""
    config = configure(arguments, Settings())
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
            timeout_graceful_shutdown=5,
        )
    )
    logging.getLogger("simulator").info("simulator starting on 127.0.0.1:%d", config.port)
    try:
        server.run()
    finally:
        simulation.store.close()
    return 0 if server.started else 1
