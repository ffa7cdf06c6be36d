"""The work that makes what a provision asks for."""

from datetime import timedelta
from typing import Final

from services.catalog.deployments.rules.deployments import Deployment, Provision
from services.common.durable import Work

__all__ = ["provisioning_of"]

QUEUE: Final = "provisioning"
TIMEOUT: Final = timedelta(days=30)
"""The last resort: every step has its own, shorter patience."""


def provisioning_of(provision: Provision, deployment: Deployment) -> Work:
    """The work on a provision: one run for each."""
    return Work(
        workflow="Provision",
        id=f"provision/{provision.id}",
        queue=QUEUE,
        argument={
            "provision_id": str(provision.id),
            "deployment_id": str(deployment.id),
            "tenant_id": deployment.tenant_id,
            "slug": deployment.slug,
            "name": provision.droplet_name,
            "region": provision.droplet_region,
            "size": provision.droplet_size,
            "image": provision.droplet_image,
            "tags": list(provision.droplet_tags),
            "project_id": provision.project_id,
        },
        summary=f"make {provision.droplet_name} for {deployment.slug} of {deployment.tenant_id}",
        timeout=TIMEOUT,
        attributes={"ArcadiaTenant": deployment.tenant_id},
    )
