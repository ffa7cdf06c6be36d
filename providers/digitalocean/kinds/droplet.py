from typing import Final

from providers.digitalocean.kinds.kind import Columns, Listing, ResourceKind
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
)
