from typing import Final

from providers.digitalocean.kinds import comparators as same
from providers.digitalocean.kinds.kind import Columns, Listing, ResourceKind
from providers.digitalocean.kinds.policy import FieldPolicy, Policy, is_kubernetes_node
from providers.digitalocean.kinds.reducing import addresses, image, unordered, whole

__all__ = ["DROPLET"]

DROPLET: Final = ResourceKind(
    name="droplet",
    # The plain listing leaves out the droplets that have a GPU.
    listing=Listing("/v2/droplets", "droplets", "droplet", queries=((), (("type", "gpus"),))),
    columns=Columns(size="size_slug"),
    attrs={
        "memory": None,
        "vcpus": None,
        "disk": None,
        "features": unordered,
        "image": image,
        "volume_ids": unordered,
        "vpc_uuid": None,
        "networks": addresses,
        "gpu_info": whole,
    },
    scoped=frozenset({"tags", "volume_ids", "vpc_uuid", "image"}),
    volatile=frozenset({"backup_ids", "locked", "next_backup_window", "snapshot_ids"}),
    left_out=frozenset({"disk_info", "kernel", "size"}),
    policies={
        "name": FieldPolicy(Policy.DESIRED),
        "region": FieldPolicy(Policy.DESIRED, same.by_case),
        "size": FieldPolicy(Policy.DESIRED, same.by_case),
        "status": FieldPolicy(Policy.COMPUTED),
        "tags": FieldPolicy(Policy.DESIRED, same.tags),
        "project_id": FieldPolicy(Policy.REFERENCE, computed_when=is_kubernetes_node),
        "attrs.memory": FieldPolicy(Policy.COMPUTED),
        "attrs.vcpus": FieldPolicy(Policy.COMPUTED),
        # Follows from the size it was made with: a resize may leave the disk as it was.
        "attrs.disk": FieldPolicy(Policy.COMPUTED),
        "attrs.features": FieldPolicy(Policy.DESIRED),
        "attrs.image": FieldPolicy(Policy.DESIRED, same.image),
        "attrs.volume_ids": FieldPolicy(Policy.REFERENCE),
        "attrs.vpc_uuid": FieldPolicy(Policy.REFERENCE),
        "attrs.networks": FieldPolicy(Policy.COMPUTED),
        "attrs.gpu_info": FieldPolicy(Policy.COMPUTED),
        "attrs.user_data": FieldPolicy(Policy.SECRET),
    },
    in_flight=frozenset({"new"}),
)
