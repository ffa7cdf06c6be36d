"""The simulator's own API under `/_simulator`, without a token."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import simulation_of

__all__ = ["routes"]


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok", "now": render_instant(simulation_of(request).clock.now())})


async def _requests(request: Request) -> Response:
    log = simulation_of(request).log
    entries = log.entries()
    if request.method == "DELETE" or request.query_params.get("clear") == "true":
        log.clear()
    return JSONResponse({"requests": entries, "total": len(entries)})


def routes() -> list[Route]:
    """Everything under `/_simulator`."""
    return [
        Route("/_simulator/health", _health, methods=["GET"]),
        Route("/_simulator/requests", _requests, methods=["GET", "DELETE"]),
    ]
