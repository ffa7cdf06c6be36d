"""Records of deployments: a billable app instance of a tenant, with its history."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.catalog.deployments.rules.lifecycle import State
from services.catalog.vocabulary import EventType

__all__ = [
    "BillingActions",
    "Cause",
    "Changes",
    "Deployment",
    "DeploymentEvent",
    "DeploymentFilter",
    "DeploymentKey",
    "DropletOrder",
    "NewDeployment",
    "Provision",
    "ProvisionStatus",
    "TrialGrant",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """Actor, reason, request and time of a change."""

    actor: str
    reason: str
    request_id: str
    at: datetime

    @property
    def day(self) -> date:
        """Its day in UTC."""
        return self.at.date()

    def with_words(self, words: str) -> "Cause":
        """The cause with what was done appended to the caller's reason."""
        return replace(self, reason=f"{self.reason} ({words})" if self.reason else words)


@dataclass(frozen=True, slots=True)
class NewDeployment:
    """A deployment to create."""

    tenant_id: str
    slug: str
    display_name: str
    region: str
    llm_mode: str
    template_code: str | None
    template_version: str | None
    trial: bool
    trial_ends_on: date | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """A stored deployment; see Deployment in deployments.proto."""

    id: UUID
    tenant_id: str
    slug: str
    display_name: str
    region: str
    state: State
    llm_mode: str
    billing_action_suspended: bool
    power_off_when_suspended: bool
    template_code: str | None
    template_version: str | None
    trial_ends_on: date | None
    created_at: datetime
    state_changed_at: datetime
    paused_by_tenant: bool = False
    """Whether its tenant paused it, also if it is suspended now."""
    began_on_trial: bool = False


@dataclass(frozen=True, slots=True)
class TrialGrant:
    """Trials granted to a tenant in addition to its first."""

    id: UUID
    tenant_id: str
    trials: int
    granted_by: str
    reason: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes; None keeps a value, an empty template removes it."""

    display_name: str | None
    llm_mode: str | None
    template_code: str | None
    template_version: str | None


@dataclass(frozen=True, slots=True)
class BillingActions:
    """Settings of automatic billing actions; None keeps a value."""

    suspended: bool | None
    power_off: bool | None


@dataclass(frozen=True, slots=True)
class DeploymentEvent:
    """A history entry."""

    id: int
    deployment_id: UUID
    type: EventType
    from_state: str
    to_state: str
    actor: str
    reason: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class DeploymentFilter:
    """A filter; empty texts do not restrict it."""

    tenant_id: str = ""
    state: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A key of a deployment: its id, or its slug with the tenant unless the slug is unique."""

    id: UUID | None
    tenant_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class DropletOrder:
    """A droplet to create; empty fields default to the deployment's."""

    name: str
    region: str
    size: str
    image: str
    tags: tuple[str, ...]
    project_id: str
    ssh_keys: tuple[str, ...]
    """Ids or fingerprints of keys of the provider's account."""
    vpc_uuid: str
    user_data: str = field(repr=False)
    """Cloud-init data, which may contain secrets."""


class ProvisionStatus(StrEnum):
    """The states of a provision: in progress, or how it ended."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Provision:
    """The creation of cloud resources for a deployment; see Provision in deployments.proto."""

    id: UUID
    deployment_id: UUID
    droplet_name: str
    droplet_region: str
    droplet_size: str
    droplet_image: str
    droplet_tags: Sequence[str]
    droplet_ssh_keys: Sequence[str]
    droplet_vpc_uuid: str
    project_id: str
    status: ProvisionStatus
    step: str
    reason: str
    resource_id: str
    workflow_id: str
    run_id: str
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    force_reason: str
    """Why it was created although no subscription prices it."""
