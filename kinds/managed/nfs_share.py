"""NFS shares: file storage that droplets of a VPC mount."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import access_points, unordered

__all__ = ["NFS_SHARE"]

NFS_SHARE: Final = ResourceKind(
    name="nfs_share",
    billing=Billing(
        (Product("nfs", ("NFS",)), Product("network file storage")), ("Storage", "File Storage")
    ),
    scope="nfs:list",
    terraform="digitalocean_nfs",
    added_later=True,
    # Not paged, and without a total.
    listing=Listing("/v2/nfs", "shares", "share", counted=False),
    columns=Columns(tags=""),
    attrs={
        "size_gib": Attr(Policy.DESIRED),
        "performance_tier": Attr(Policy.DESIRED),
        "vpc_ids": Attr(Policy.REFERENCE, unordered),
        "mount_path": Attr(Policy.COMPUTED),
        "host": Attr(Policy.COMPUTED),
        "access_points": Attr(Policy.COMPUTED, access_points),
    },
    in_flight=frozenset({"CREATING"}),
    monthly_price=Shared("unknown: depends on `attrs.size_gib` and tier; no API returns the price"),
)
