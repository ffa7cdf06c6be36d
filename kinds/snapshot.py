from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.metering import Measure, MeterRule
from kinds.pricing import per_gigabyte
from kinds.reducers import unordered

__all__ = ["SNAPSHOT"]

SNAPSHOT: Final = ResourceKind(
    name="snapshot",
    billing=Billing(
        (
            Product("droplet snapshots", ("SNAP",)),
            Product("volume snapshots"),
            Product("snapshots"),
        ),
        ("Storage", "Backup Storage"),
        "Snapshot Storage",
        also_names=("image",),
        is_known_by_id=True,
    ),
    terraform="digitalocean_droplet_snapshot",
    meters=(
        MeterRule(
            "snapshot_gb_month",
            {"kind": "attrs.resource_type"},
            Measure("size_gigabytes"),
        ),
    ),
    # Of droplets and of volumes; backups are not among them (see the images).
    listing=Listing("/v2/snapshots", "snapshots", "snapshot"),
    columns=Columns(region="", statuses=()),
    attrs={
        "regions": Attr(Policy.DESIRED, unordered),
        "resource_id": Attr(Policy.IDENTITY),
        "resource_type": Attr(Policy.IDENTITY),
        "min_disk_size": Attr(Policy.COMPUTED),
        "size_gigabytes": Attr(Policy.COMPUTED),
    },
    scoped={"tags": "tag:read"},
    monthly_price=per_gigabyte(Decimal("0.06"), "size_gigabytes"),
)
