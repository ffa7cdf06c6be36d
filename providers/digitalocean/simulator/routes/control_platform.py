"""Control API of platform acts: what the platform does to resources by itself."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.digitalocean.simulator.acts.platform_acts import PLATFORM_ACTS
from providers.digitalocean.simulator.simulation import simulation_of
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.payload import optional, payload

__all__ = ["routes"]


async def _acts(request: Request) -> Response:
    """The acts by their names, with the kinds that show them, in words."""
    return JSONResponse(
        {
            "acts": {
                name: {"kinds": list(act.kinds), "does": act.does}
                for name, act in PLATFORM_ACTS.items()
            }
        }
    )


async def _act(request: Request) -> Response:
    """`{"acts"?: [names]}`, all when none is named; answers how many objects each changed."""
    names = optional(await payload(request), "acts", list, list(PLATFORM_ACTS))
    if unknown := [str(name) for name in names if name not in PLATFORM_ACTS]:
        raise Unprocessable(f"acts: not an act of the platform: {', '.join(unknown)}")
    simulation = simulation_of(request)
    return JSONResponse(
        {"changed": {name: PLATFORM_ACTS[name].apply(simulation) for name in names}}
    )


def routes() -> list[Route]:
    """The platform's acts, listed and done."""
    return [
        Route("/_simulator/platform", _acts, methods=["GET"]),
        Route("/_simulator/platform", _act, methods=["POST"]),
    ]
