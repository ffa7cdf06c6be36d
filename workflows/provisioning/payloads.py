"""What travels through Temporal about a provision."""

from dataclasses import dataclass

from contracts.provisioning import ProvisionInput

__all__ = ["CompensationInput", "Progress", "Provisioned"]


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
class CompensationInput:
    """What a step made is taken back."""

    order: ProvisionInput
    resource_id: str
