"""The workflow start of a provision."""

from contracts.flows import Start
from contracts.provisioning import ProvisionInput, provision
from services.catalog.deployments.rules.deployments import Deployment, Provision

__all__ = ["provision_start"]


def provision_start(asked: Provision, deployment: Deployment) -> Start[ProvisionInput]:
    """The start of a provision's workflow: one run per provision."""
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
