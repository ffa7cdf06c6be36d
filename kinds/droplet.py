from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.comparators import droplet_features
from kinds.comparators import image as same_image
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.metering import MeterRule
from kinds.policy import is_kubernetes_node
from kinds.pricing import DROPLET_SIZES, BySize, Surcharge
from kinds.reducers import addresses, image, unordered, whole

__all__ = ["DROPLET"]

DROPLET: Final = ResourceKind(
    name="droplet",
    billing=Billing(
        (
            Product("backups", category=("Storage", "Backup Storage"), meter="Backup Usage"),
            Product(
                "droplet backups",
                ("BACK",),
                category=("Storage", "Backup Storage"),
                meter="Backup Usage",
            ),
            Product("droplets", ("DROP",)),
            Product("premium droplets"),
            Product("gpu droplets", ("GPUD",)),
        ),
        ("Compute", "Virtual Machines"),
        "Compute Usage",
        is_known_by_id=True,
    ),
    urns=("droplet",),
    meters=(
        MeterRule(
            "droplet_hours",
            {"size": "size", "region": "region", "image_kind": "attrs.image.type"},
        ),
    ),
    # The plain listing omits droplets with a GPU.
    listing=Listing("/v2/droplets", "droplets", "droplet", queries=((), (("type", "gpus"),))),
    columns=Columns(size="size_slug"),
    attrs={
        # Determined by the size; the disk stays smaller than the size's after a resize without it.
        "memory": Attr(Policy.COMPUTED),
        "vcpus": Attr(Policy.COMPUTED),
        "disk": Attr(Policy.COMPUTED),
        "features": Attr(Policy.DESIRED, unordered, same=droplet_features, quiet=True),
        "image": Attr(Policy.REFERENCE, image, same=same_image),
        "volume_ids": Attr(Policy.REFERENCE, unordered),
        "vpc_uuid": Attr(Policy.REFERENCE),
        "networks": Attr(Policy.COMPUTED, addresses),
        "gpu_info": Attr(Policy.COMPUTED, whole, unset_when_absent=True),
    },
    column_policies={
        "project_id": FieldPolicy(Policy.REFERENCE, computed_when=is_kubernetes_node),
    },
    scoped={
        "tags": "tag:read",
        "volume_ids": "block_storage:read",
        "vpc_uuid": "vpc:read",
        "image": "image:read",
    },
    volatile=frozenset({"backup_ids", "locked", "next_backup_window", "snapshot_ids"}),
    left_out=frozenset({"disk_info", "kernel", "size"}),
    in_flight=frozenset({"new"}),
    monthly_price=BySize(
        DROPLET_SIZES,
        surcharge=Surcharge(Decimal("0.20"), "features", "backups"),
        priced_by=("/v2/sizes", "sizes"),
    ),
)
