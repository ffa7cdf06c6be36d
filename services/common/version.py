"""The running release."""

from functools import cache
from importlib import metadata

__all__ = ["version"]


@cache
def version() -> str:
    """The version of the installed distribution."""
    return metadata.version("arcadia-cloud")
