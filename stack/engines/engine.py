"""A command: what to start, in which environment, and as which user."""

import importlib.util
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command", "EngineError", "EngineMissing", "EngineUnusable", "wheel_folder"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command to start: arguments, the whole environment, and the user."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path = Path("/")
    user: int | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    """The signal for a graceful stop."""


class EngineError(Exception):
    """An engine cannot be started."""


class EngineMissing(EngineError):
    """Its wheel is not installed."""

    def __init__(self, wheel: str) -> None:
        super().__init__(f"{wheel} is not installed: `make up` installs it")


def wheel_folder(package: str, wheel: str) -> Path:
    """The folder of a wheel's files; its package is not imported. Raises EngineMissing."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineMissing(wheel)
    return Path(spec.origin).parent


class EngineUnusable(EngineError):
    """Its data directory cannot be used."""
