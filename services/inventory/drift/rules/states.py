"""The states of a drift, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["NEXT", "RevertStatus", "Status"]


class Status(StrEnum):
    """Whether a mismatch stands, or how it ended."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """The live value became the desired one."""
    REVERTED = "reverted"
    """The cloud was made to match the spec again, and read back so."""
    STALE = "stale"
    """It went away by itself, or with its spec."""


NEXT: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.OPEN: frozenset({Status.ACCEPTED, Status.REVERTED, Status.STALE}),
        Status.ACCEPTED: frozenset(),
        Status.REVERTED: frozenset(),
        Status.STALE: frozenset(),
    }
)
"""What is closed stays closed: the same mismatch later is a drift of its own."""


class RevertStatus(StrEnum):
    """How the newest attempt to revert stands; empty when there was none."""

    NONE = ""
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
