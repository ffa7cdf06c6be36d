"""Drifts: records, states and transitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from services.inventory.drift.rules.fields import Json
from services.inventory.drift.rules.pricing import Priced

__all__ = [
    "NEXT",
    "REVERTIBLE",
    "ActionCause",
    "Drift",
    "ExplainedDrift",
    "Revert",
    "RevertStatus",
    "Status",
]


class Status(StrEnum):
    """The status of a drift."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """The live value became the desired one."""
    REVERTED = "reverted"
    """The cloud was changed to match the spec, and verified."""
    STALE = "stale"
    """It disappeared by itself or with its spec."""


NEXT: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.OPEN: frozenset({Status.ACCEPTED, Status.REVERTED, Status.STALE}),
        Status.ACCEPTED: frozenset(),
        Status.REVERTED: frozenset(),
        Status.STALE: frozenset(),
    }
)
"""The transitions. A closed drift stays closed: a later mismatch is a new drift."""

REVERTIBLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"droplet": frozenset({"size", "name", "tags", "project_id"})}
)
"""Fields that can be changed on an existing resource without loss, by kind."""


class RevertStatus(StrEnum):
    """The status of the newest revert; empty without one."""

    NONE = ""
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ActionCause:
    """The provider's action that caused a drift."""

    action_id: str
    action_type: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ExplainedDrift:
    """A drift with its cause from the provider's action log."""

    id: UUID
    cause: ActionCause


@dataclass(frozen=True, slots=True)
class Revert:
    """The newest revert of a drift."""

    workflow_id: str
    run_id: str
    status: RevertStatus
    reason: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A drift with its resource, the rule that mutes it, and its pricing inputs."""

    id: UUID
    resource_id: UUID
    provider: str
    provider_id: str
    kind: str
    name: str
    tenant_id: str | None
    deployment_id: str | None
    field: str
    expected: Json
    actual: Json
    spec_version: int
    status: Status
    detected_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    cause: ActionCause | None
    revert: Revert | None
    live: Priced
    spec: Mapping[str, Json] | None
    muted_by: UUID | None
