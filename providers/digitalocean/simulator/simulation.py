"""The running simulation: state, clock, misbehaviour and limits, wired once per process."""

from dataclasses import dataclass

from starlette.requests import Request

from providers.digitalocean.simulator.assignments import Assignments
from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.clock import Clock
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.freshness import Freshness
from providers.digitalocean.simulator.limits import RateLimiter
from providers.digitalocean.simulator.requestlog import RequestLog
from providers.digitalocean.simulator.state import Store

__all__ = ["Simulation", "simulation_of"]


@dataclass
class Simulation:
    """Everything that a route needs."""

    config: Config
    store: Store
    assignments: Assignments
    ledger: Ledger
    clock: Clock
    limiter: RateLimiter
    log: RequestLog
    fresh: Freshness


def simulation_of(request: Request) -> Simulation:
    """The simulation that serves a request."""
    found = request.app.state.simulation
    assert isinstance(found, Simulation)  # noqa: S101  # set by `app.build`, for the type
    return found
