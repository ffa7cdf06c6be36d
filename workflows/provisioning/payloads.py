"""Payloads of provisions."""

from dataclasses import dataclass

from contracts.provisioning import ProvisionInput

__all__ = ["CompensationInput", "Progress", "Provisioned"]


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a provision; see Provision in the catalog's protos."""

    provision_id: str
    status: str
    step: str = ""
    reason: str = ""
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The droplet of a step."""

    order: ProvisionInput
    provider_id: str
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class CompensationInput:
    """A compensation of a step."""

    order: ProvisionInput
    resource_id: str
