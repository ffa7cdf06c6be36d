"""Peerings of two VPCs; traffic between regions is billed."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import unordered

__all__ = ["VPC_PEERING"]

VPC_PEERING: Final = ResourceKind(
    name="vpc_peering",
    billing=Billing((Product("vpc peerings"),), ("Networking", "Network Connectivity")),
    added_later=True,
    listing=Listing("/v2/vpc_peerings", "vpc_peerings", "vpc_peering"),
    columns=Columns(region="", tags=""),
    attrs={"vpc_ids": Attr(Policy.REFERENCE, unordered)},
    in_flight=frozenset({"PROVISIONING", "DELETING"}),
    monthly_price=Shared("unknown: depends on the traffic between its VPCs"),
    rarely_changes=True,
)
