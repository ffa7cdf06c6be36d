"""The process: configuration, JSON logs, the web server, and an end on SIGTERM."""

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

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


def _log_as_json(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; the exit status. A taken port is an error of its own."""
    config = configure(arguments, Settings())
    _log_as_json(config.log_level)
    simulation = open_simulation(config)
    server = uvicorn.Server(
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
