from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.comparators import by_default, number, unset_alike
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.metering import Measure, MeterRule
from kinds.pricing import per_gigabyte
from kinds.reducers import unordered

__all__ = ["VOLUME"]

VOLUME: Final = ResourceKind(
    name="volume",
    billing=Billing(
        (Product("volumes", ("VOLU",)),),
        ("Storage", "Block Storage"),
        "Volume Storage",
        is_known_by_id=True,
    ),
    urns=("volume",),
    scope="block_storage:read",
    listing=Listing("/v2/volumes", "volumes", "volume"),
    columns=Columns(statuses=()),
    meters=(MeterRule("volume_gb_month", {"region": "region"}, Measure("size_gigabytes")),),
    attrs={
        "size_gigabytes": Attr(Policy.DESIRED, same=number),
        "description": Attr(Policy.DESIRED, same=unset_alike(by_default), quiet=True),
        "droplet_ids": Attr(Policy.REFERENCE, unordered),
        "filesystem_type": Attr(Policy.IDENTITY),
        "filesystem_label": Attr(Policy.IDENTITY),
    },
    scoped={"tags": "tag:read", "droplet_ids": "droplet:read"},
    monthly_price=per_gigabyte(Decimal("0.10"), "size_gigabytes"),
)
