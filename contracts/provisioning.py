"""The flows that change something at the provider."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.flows import TENANT, Flow, Start, TaskQueue

__all__ = ["DROPLET_TURN", "PROVISION", "ProvisionInput", "droplet_turn", "provision"]

PROVISION: Final = Flow(
    name="Provision",
    prefix="provision",
    key="<provision id>",
    queue=TaskQueue.PROVISIONING,
    timeout=timedelta(days=30),
    purpose="creates a droplet for a deployment, or undoes all of it",
    started_by="`POST /api/v1/deployments/{id}/provision`",
)
DROPLET_TURN: Final = Flow(
    name="DropletTurn",
    prefix="droplet-actions",
    key="<droplet id>",
    queue=TaskQueue.PROVISIONING,
    timeout=None,
    purpose="a lock on a droplet: no other run acts on it meanwhile",
    started_by="a revert, a suspension, a cap",
)


@dataclass(frozen=True, slots=True)
class ProvisionInput:
    """A droplet to create for a deployment."""

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
    """The inventory's project id; if empty, the tenant's project."""
    ssh_keys: tuple[str, ...] = ()
    """Ids or fingerprints of keys of the provider's account."""
    vpc_uuid: str = ""
    """If empty, the region's default VPC."""

    @property
    def own_tag(self) -> str:
        """The tag that finds the droplet even if the response to its creation was lost."""
        return f"provision:{self.provision_id}"

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The final tags of the droplet."""
        owners = (f"tenant:{self.tenant_id}", f"deployment:{self.slug}")
        return (self.own_tag, *owners, *self.tags)


def provision(order: ProvisionInput) -> Start[ProvisionInput]:
    """The creation of a droplet."""
    return PROVISION.start(
        order,
        order.provision_id,
        summary=f"make {order.name} for {order.slug} of {order.tenant_id}",
        attributes={TENANT: order.tenant_id},
    )


def droplet_turn(droplet_id: str, holder: str) -> Start[str]:
    """The lock of a run, `holder`, on a droplet."""
    return DROPLET_TURN.start(holder, droplet_id, summary=f"the turn at droplet {droplet_id}")
