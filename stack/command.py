"""A command: what to start, in which environment, and as which user."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: arguments, the whole environment, and as whom."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path = Path("/")
    user: int | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks it to stop gracefully."""
