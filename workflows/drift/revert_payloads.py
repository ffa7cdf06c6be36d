"""What travels through Temporal about a revert."""

from dataclasses import dataclass

__all__ = ["FailedRevert", "RevertPlan", "RevertResult", "SetField", "SetPower"]


@dataclass(frozen=True, slots=True)
class FailedRevert:
    """A drift that stays open, and why."""

    drift_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RevertPlan:
    """What is to be set back, as it was when the revert began."""

    drift_id: str
    provider: str
    kind: str
    provider_id: str
    field: str
    wanted_json: str
    """The desired value as JSON."""
    is_on: bool
    """Whether the machine ran."""


@dataclass(frozen=True, slots=True)
class SetPower:
    """A droplet that should run, or not."""

    provider_id: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class SetField:
    """A droplet's field and the value that it should have."""

    provider: str
    provider_id: str
    field: str
    wanted_json: str


@dataclass(frozen=True, slots=True)
class RevertResult:
    """How it ended: the status of the drift, and why it is still open."""

    status: str
    reason: str = ""
