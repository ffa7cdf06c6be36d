"""Reserved IPv6 addresses, which have a listing of their own."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import identifier

__all__ = ["RESERVED_IPV6"]

RESERVED_IPV6: Final = ResourceKind(
    name="reserved_ipv6",
    billing=Billing(
        (Product("reserved ipv6s", ("RIP6",)),), ("Networking", "Network Infrastructure")
    ),
    urns=("reservedipv6",),
    scope="reserved_ip:read",
    added_later=True,
    listing=Listing("/v2/reserved_ipv6", "reserved_ipv6s", "reserved_ipv6"),
    columns=Columns(
        provider_id="ip",
        name="ip",
        region="region_slug",
        statuses=(),
        tags="",
        created_at="reserved_at",
    ),
    attrs={"droplet": Attr(Policy.REFERENCE, identifier)},
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    scoped={"droplet": "droplet:read"},
    monthly_price=Shared("unknown: it is on bills, but no API returns the price"),
)
