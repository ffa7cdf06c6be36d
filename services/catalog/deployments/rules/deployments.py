"""The billable unit: one app instance of a tenant, and what happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
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
    "TrialGrant",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """Who does something, why, by which request, and when."""

    actor: str
    reason: str
    request_id: str
    at: datetime

    @property
    def day(self) -> date:
        """The day of it, in UTC."""
        return self.at.date()

    def with_words(self, words: str) -> "Cause":
        """The same with what was done, after the reason that the caller gave."""
        return replace(self, reason=f"{self.reason} ({words})" if self.reason else words)


@dataclass(frozen=True, slots=True)
class NewDeployment:
    """What to make."""

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
    """A deployment, as it is kept; see Deployment in deployments.proto."""

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
    """Whether a pause of it, also one under a suspension, is its tenant's own."""
    began_on_trial: bool = False


@dataclass(frozen=True, slots=True)
class TrialGrant:
    """Trials that a tenant may have besides its first."""

    id: UUID
    tenant_id: str
    trials: int
    granted_by: str
    reason: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None stays as it is, an empty template is taken away."""

    display_name: str | None
    llm_mode: str | None
    template_code: str | None
    template_version: str | None


@dataclass(frozen=True, slots=True)
class BillingActions:
    """What automatic billing actions may do; None stays as it is."""

    suspended: bool | None
    power_off: bool | None


@dataclass(frozen=True, slots=True)
class DeploymentEvent:
    """An entry of the history."""

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
    """Which ones to list; an empty text filters nothing."""

    tenant_id: str = ""
    state: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """Names a deployment: by its id, or by a slug and, unless only one has it, a tenant."""

    id: UUID | None
    tenant_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class DropletOrder:
    """A droplet to be made; what is empty is taken from its deployment."""

    name: str
    region: str
    size: str
    image: str
    tags: tuple[str, ...]
    project_id: str


@dataclass(frozen=True, slots=True)
class Provision:
    """One making of cloud resources for a deployment; see Provision in deployments.proto."""

    id: UUID
    deployment_id: UUID
    droplet_name: str
    droplet_region: str
    droplet_size: str
    droplet_image: str
    droplet_tags: Sequence[str]
    project_id: str
    status: str
    step: str
    reason: str
    resource_id: str
    workflow_id: str
    run_id: str
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
