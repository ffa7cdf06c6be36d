"""The flow that makes what a provision asks for."""

from contracts.flows import Start
from contracts.provisioning import ProvisionInput, provision
from services.catalog.deployments.rules.deployments import Deployment, Provision

__all__ = ["provision_start"]


def provision_start(asked: Provision, deployment: Deployment) -> Start[ProvisionInput]:
    """The start for a provision: one run for each."""
    return provision(
        ProvisionInput(
            provision_id=str(asked.id),
            deployment_id=str(deployment.id),
            tenant_id=deployment.tenant_id,
            slug=deployment.slug,
            name=asked.droplet_name,
            region=asked.droplet_region,
            size=asked.droplet_size,
            image=asked.droplet_image,
            tags=tuple(asked.droplet_tags),
            project_id=asked.project_id,
        )
    )
