from decimal import Decimal
from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.metering import MeterRule
from kinds.pricing import Flat, When
from kinds.reducers import identifier

__all__ = ["RESERVED_IP"]

RESERVED_IP: Final = ResourceKind(
    name="reserved_ip",
    billing=Billing(
        (Product("floating ips"), Product("reserved ips", ("RESE",))),
        ("Networking", "Network Infrastructure"),
        "IP Address Usage",
        also_names=("reserved_ipv6",),
    ),
    urns=("floatingip", "reservedip"),
    listing=Listing("/v2/reserved_ips", "reserved_ips", "reserved_ip"),
    columns=Columns(provider_id="ip", name="ip", statuses=(), tags="", created_at=""),
    # An address assigned to a droplet is free.
    meters=(MeterRule("reserved_ip_hours", {"region": "region"}, only=("attrs.droplet", "")),),
    # The whole droplet is embedded; its id is enough.
    attrs={"droplet": Attr(Policy.REFERENCE, identifier)},
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    scoped={"droplet": "droplet:read"},
    volatile=frozenset({"locked"}),
    left_out=frozenset({"project_id"}),
    monthly_price=Flat(Decimal(5), When("droplet", None, "if not assigned to a droplet")),
)
