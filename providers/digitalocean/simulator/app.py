"""The web application: routes behind the gate."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from providers.digitalocean.simulator.routes import (
    billing,
    control,
    control_billing,
    control_world,
    droplet_writes,
    listing,
    parts,
    project_writes,
    projects,
    reserved_ips,
    spaces,
    tags,
)
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.web.errors import (
    ApiError,
    NotFound,
    error_response,
    unexpected_response,
)
from providers.digitalocean.simulator.web.gate import Gate

__all__ = ["build"]


_AREAS = (
    projects,
    project_writes,
    droplet_writes,
    parts,
    reserved_ips,
    tags,
    billing,
    control,
    control_billing,
    control_world,
    spaces,
    listing,
)


async def _unknown_path(request: Request, error: Exception) -> Response:
    """The framework's own 404 and 405, in the API's form."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return await error_response(request, NotFound("The method is not offered here."))
    return await error_response(request, NotFound())


def build(simulation: Simulation) -> Gate:
    """The ASGI application that serves a simulation."""
    app = Starlette(
        routes=[route for area in _AREAS for route in area.routes()],
        exception_handlers={
            ApiError: error_response,
            HTTPException: _unknown_path,
            Exception: unexpected_response,
        },
    )
    app.router.redirect_slashes = False
    app.state.simulation = simulation
    return Gate(app, simulation)
