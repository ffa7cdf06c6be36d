"""Opening the kept world, or making a new one."""

from datetime import datetime, timedelta

from providers.digitalocean.simulator.assignments import Assignments
from providers.digitalocean.simulator.clock import Clock, wall_time
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.limits import RateLimiter
from providers.digitalocean.simulator.requestlog import RequestLog
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Store
from providers.digitalocean.simulator.world.seed import make_world

__all__ = ["open_simulation"]


def open_simulation(config: Config) -> Simulation:
    """The simulation of a data directory; a new world where there is none yet."""
    store = Store(config.data_dir / "world.sqlite3")
    simulation = Simulation(
        config=config,
        store=store,
        assignments=Assignments(store),
        clock=Clock(timedelta(0)),
        limiter=RateLimiter(config.rate_limit_per_minute, config.rate_limit_per_hour),
        log=RequestLog(),
    )
    if store.fact("seed") is None:
        make_anew(simulation, config.seed, config.now or wall_time(), config.scale)
    else:
        offset = timedelta(seconds=float(store.fact("clock_offset") or "0"))
        simulation.clock = Clock(offset)
    return simulation


def make_anew(simulation: Simulation, seed: int, now: datetime, scale: int) -> None:
    """Forget everything and make the world of a seed, seen from an instant."""
    store = simulation.store
    simulation.clock = Clock(now - wall_time())
    world = make_world(seed, now)
    store.clear()
    with store.transaction():
        store.insert(world.rows)
        simulation.assignments.add(world.assignments)
        store.set_fact("clock_offset", str(simulation.clock.offset.total_seconds()))
        store.set_fact("seed", str(seed))
