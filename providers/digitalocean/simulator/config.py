"""The configuration of a simulator: the command line, with defaults from the environment."""

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from providers.digitalocean.simulator.clock import parse_instant

__all__ = ["PORT", "Config", "Environment", "configure"]

PORT: Final = 8025
"""The default port."""


class Environment(BaseSettings):
    """The environment variables that the simulator reads, with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix="ARCADIA_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    data_dir: str = ".arcadia"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    port_offset: int = 0
    simulator_mood: str = ""
    """The mood of the simulated account, by one of the names in docs/simulator.md."""


@dataclass(frozen=True)
class Config:
    """The configuration of a simulator process."""

    port: int
    data_dir: Path
    scale: int = 0
    """The number of droplets without GPU; 0 leaves the account unchanged."""
    seed: int = 2024
    now: datetime | None = None
    """The clock at the creation of the world; the machine's time if None."""
    latency_ms: int = 0
    rate_limit_per_minute: int = 250
    rate_limit_per_hour: int = 5000
    """The API's limits per token; 0 disables a limit."""
    action_seconds: float = 4.0
    """The duration of an action by the simulator's clock; a create takes twice as long."""
    settle_ms: int = 250
    """How long a new object returns 404 by its id, in real time."""
    mood: str = ""
    """The mood of the account; empty for none."""
    log_level: str = "info"


_NUMBERS: Final = {
    "scale": "droplets to have",
    "seed": None,
    "latency_ms": None,
    "rate_limit_per_minute": "0: no limit",
    "rate_limit_per_hour": "0: no limit",
    "action_seconds": None,
    "settle_ms": None,
}
"""The numeric fields, each an option, with their help."""


def configure(arguments: Sequence[str], environment: Environment, moods: Collection[str]) -> Config:
    """Parses the command line. Exits with a usage message if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="simulator", description="A stand-in for the DigitalOcean API on 127.0.0.1."
    )
    default_dir = Path(environment.data_dir) / "simulator"
    parser.add_argument("--port", type=int, default=PORT + environment.port_offset)
    parser.add_argument("--data-dir", type=Path, default=default_dir)
    parser.add_argument("--now", type=parse_instant, default=None, help="the world's first instant")
    for name, note in _NUMBERS.items():
        default = getattr(Config, name)
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, help=note)
    parser.add_argument(
        "--mood",
        default=environment.simulator_mood,
        help=f"hold the account in a mood: {', '.join(moods)}",
    )
    parsed = parser.parse_args(arguments)
    if parsed.mood and parsed.mood not in moods:
        # Also checks the environment's value, which the parser's `choices` would not.
        parser.error(f"there is no mood {parsed.mood!r}; there are {', '.join(moods)}")
    return Config(log_level=environment.log_level, **vars(parsed))
