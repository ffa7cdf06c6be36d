from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.comparators import by_default, unset_alike
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.listing import Only
from kinds.metering import Measure, MeterRule
from kinds.pricing import When, per_gigabyte
from kinds.reducers import unordered

__all__ = ["IMAGE"]

IMAGE: Final = ResourceKind(
    name="image",
    billing=Billing(
        (Product("custom images", ("CUST",)),),
        ("Storage", "Other (Storage)"),
        "Image Storage",
        also_names=("snapshot",),
    ),
    terraform="digitalocean_custom_image",
    # Backups and uploaded images are metered like snapshots.
    meters=(MeterRule("snapshot_gb_month", {"kind": "attrs.type"}, Measure("size_gigabytes")),),
    # Uploaded images, and backups of droplets. Snapshots are private images too, but another kind.
    listing=Listing(
        "/v2/images",
        "images",
        "image",
        queries=((("private", "true"),),),
        only=Only("type", frozenset({"custom", "backup"})),
    ),
    columns=Columns(region=""),
    attrs={
        "type": Attr(Policy.IDENTITY),
        "distribution": Attr(Policy.DESIRED),
        "description": Attr(Policy.DESIRED, same=unset_alike(by_default), quiet=True),
        "regions": Attr(Policy.DESIRED, unordered),
        "slug": Attr(Policy.COMPUTED),
        "min_disk_size": Attr(Policy.COMPUTED),
        "size_gigabytes": Attr(Policy.COMPUTED),
        "error_message": Attr(Policy.COMPUTED, unset_when_absent=True),
    },
    scoped={"tags": "tag:read"},
    left_out=frozenset({"public"}),
    in_flight=frozenset({"NEW", "pending"}),
    # The droplet's surcharge pays for backups.
    monthly_price=per_gigabyte(
        Decimal("0.06"), "size_gigabytes", When("type", "custom", "if uploaded")
    ),
    rarely_changes=True,
)
