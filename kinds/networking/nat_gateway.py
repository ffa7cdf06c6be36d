"""NAT gateways: internet access for VPCs without public addresses."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import in_one_order, whole

__all__ = ["NAT_GATEWAY"]

NAT_GATEWAY: Final = ResourceKind(
    name="nat_gateway",
    billing=Billing(
        (
            Product("nat gateways", ("NATG",), category=("Networking", "Network Routing")),
            Product("vpc nat gateways"),
        ),
        ("Networking", "Network Infrastructure"),
    ),
    terraform="digitalocean_vpc_nat_gateway",
    added_later=True,
    listing=Listing("/v2/vpc_nat_gateways", "vpc_nat_gateways", "vpc_nat_gateway"),
    # Its size is a number, not a slug.
    columns=Columns(size="size", statuses=("state",), tags=""),
    attrs={
        "type": Attr(Policy.IDENTITY),
        "vpcs": Attr(Policy.REFERENCE, in_one_order),
        "udp_timeout_seconds": Attr(Policy.DESIRED),
        "icmp_timeout_seconds": Attr(Policy.DESIRED),
        "tcp_timeout_seconds": Attr(Policy.DESIRED),
        "egresses": Attr(Policy.COMPUTED, whole),
    },
    volatile=frozenset({"updated_at"}),
    in_flight=frozenset({"NEW", "PROVISIONING", "DELETING"}),
    monthly_price=Shared("unknown: depends on size and traffic; no API returns the price"),
)
