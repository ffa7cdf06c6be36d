"""The settings of a running simulator: its limits and its pace."""

from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.payload import optional

__all__ = ["settings_of", "tune"]


def settings_of(simulation: Simulation) -> Document:
    """What is set now."""
    limiter, pace = simulation.limiter, simulation.pace
    return {
        "rate_limit_per_minute": limiter.per_minute,
        "rate_limit_per_hour": limiter.per_hour,
        "latency_ms": pace.latency_ms,
        "action_seconds": pace.action_seconds,
        "settle_ms": int(simulation.fresh.seconds * 1000),
    }


def tune(simulation: Simulation, wanted: Document) -> None:
    """Change some of them. Unprocessable, with nothing changed, for an unknown name or type."""
    now = settings_of(simulation)
    if unknown := set(wanted) - set(now):
        raise Unprocessable(f"unknown: {', '.join(sorted(unknown))}")
    seconds = wanted.get("action_seconds", now["action_seconds"])
    if not isinstance(seconds, int | float):
        raise Unprocessable("action_seconds must be a number")
    limits = {name: optional(wanted, name, int, now[name]) for name in now if name in _WHOLE}
    simulation.limiter.per_minute = limits["rate_limit_per_minute"]
    simulation.limiter.per_hour = limits["rate_limit_per_hour"]
    simulation.pace.latency_ms = limits["latency_ms"]
    simulation.pace.action_seconds = float(seconds)
    simulation.fresh.seconds = limits["settle_ms"] / 1000


_WHOLE = frozenset({"rate_limit_per_minute", "rate_limit_per_hour", "latency_ms", "settle_ms"})
"""Those that are whole numbers."""
