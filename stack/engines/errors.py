"""Errors of an engine before it is started."""

import importlib.util
from pathlib import Path

__all__ = ["EngineError", "EngineMissing", "EngineUnusable", "wheel_folder"]


class EngineError(Exception):
    """An engine cannot be started."""


class EngineMissing(EngineError):
    """Its wheel is not installed."""

    def __init__(self, wheel: str) -> None:
        super().__init__(f"{wheel} is not installed: `make up` installs it")


def wheel_folder(package: str, wheel: str) -> Path:
    """Where a wheel keeps its files; its package is not imported. Raises EngineMissing."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineMissing(wheel)
    return Path(spec.origin).parent


class EngineUnusable(EngineError):
    """Its data cannot be used as they are."""
