"""What travels through Temporal about a provision."""

from dataclasses import dataclass

__all__ = ["Progress", "ProvisionInput", "Provisioned", "Undoing"]


@dataclass(frozen=True, slots=True)
class ProvisionInput:
    """A droplet to be made for a deployment."""

    provision_id: str
    deployment_id: str
    tenant_id: str
    slug: str
    name: str
    region: str
    size: str
    image: str
    tags: tuple[str, ...] = ()
    project_id: str = ""
    """The inventory's; the tenant's own project when empty."""

    @property
    def own_tag(self) -> str:
        """By what its droplet is found, whatever became of the answer to its making."""
        return f"provision:{self.provision_id}"

    @property
    def all_tags(self) -> tuple[str, ...]:
        """What the droplet is tagged with in the end."""
        owners = (f"tenant:{self.tenant_id}", f"deployment:{self.slug}")
        return (self.own_tag, *owners, *self.tags)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a provision is; see Provision in the catalog's protos."""

    provision_id: str
    status: str
    step: str = ""
    reason: str = ""
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A droplet that a step goes on with."""

    order: ProvisionInput
    provider_id: str
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a step made is taken back."""

    order: ProvisionInput
    resource_id: str
