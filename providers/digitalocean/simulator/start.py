"""Opens the stored world, or creates a new one."""

from datetime import datetime, timedelta

from providers.digitalocean.simulator.acts.pending_actions import PendingActions
from providers.digitalocean.simulator.acts.scaling import scale_to
from providers.digitalocean.simulator.assignments import Assignments
from providers.digitalocean.simulator.billing.invoices import Invoices
from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.clock import Clock, wall_time
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.moods import enter, leave, mood_of
from providers.digitalocean.simulator.simulation import Freshness, Pace, Simulation
from providers.digitalocean.simulator.state import Store
from providers.digitalocean.simulator.web.faults import FaultRules
from providers.digitalocean.simulator.web.limits import RateLimiter
from providers.digitalocean.simulator.web.requestlog import RequestLog
from providers.digitalocean.simulator.web.scopes import Tokens
from providers.digitalocean.simulator.world.seed import make_world

__all__ = ["open_simulation", "reset_world"]


def open_simulation(config: Config) -> Simulation:
    """The simulation of a data directory; creates a new world if there is none."""
    store = Store(config.data_dir / "world.sqlite3")
    ledger = Ledger(store)
    simulation = Simulation(
        config=config,
        store=store,
        assignments=Assignments(store),
        ledger=ledger,
        invoices=Invoices(store, ledger),
        pending=PendingActions(store),
        tokens=Tokens(store),
        faults=FaultRules(),
        pace=Pace(config.latency_ms, config.action_seconds),
        clock=Clock(timedelta(0)),
        limiter=RateLimiter(config.rate_limit_per_minute, config.rate_limit_per_hour),
        log=RequestLog(),
        fresh=Freshness(config.settle_ms / 1000),
    )
    if store.fact("seed") is None:
        reset_world(simulation, config.seed, config.now or wall_time())
    else:
        offset = timedelta(seconds=float(store.fact("clock_offset") or "0"))
        simulation.clock = Clock(offset)
    if config.scale:
        scale_to(simulation, config.scale)
    if config.mood:
        enter(simulation, mood_of(config.mood))
    return simulation


def reset_world(simulation: Simulation, seed: int, now: datetime) -> None:
    """Deletes everything and creates the world of a seed, as of an instant."""
    store = simulation.store
    simulation.clock = Clock(now - wall_time())
    world = make_world(seed, now)
    store.clear()
    simulation.pending.forget()
    simulation.invoices.forget()
    simulation.tokens.forget()
    leave(simulation)
    simulation.faults.remove()
    simulation.limiter.forget()
    simulation.log.clear()
    with store.transaction():
        store.insert(world.rows)
        simulation.assignments.add(world.assignments)
        simulation.ledger.add(world.lifespans)
        store.set_fact("droplet_id", str(world.ids.number("node", 0) + 1000))
        store.set_fact("image_id", str(world.ids.number("image", 0) + 1000))
        store.set_fact("action_id", str(world.ids.number("action", 0) + 1000))
        store.set_fact("clock_offset", str(simulation.clock.offset.total_seconds()))
        store.set_fact("seed", str(seed))
