"""Partner attachments: private connections to other clouds through a network provider."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import unordered, whole

__all__ = ["PARTNER_ATTACHMENT"]

PARTNER_ATTACHMENT: Final = ResourceKind(
    name="partner_attachment",
    billing=Billing(
        (Product("partner network connect", ("PART",)),), ("Networking", "Network Connectivity")
    ),
    added_later=True,
    listing=Listing(
        "/v2/partner_network_connect/attachments",
        "partner_attachments",
        "partner_attachment",
        source="pydo 0.44, `partner_attachments.list`",
    ),
    columns=Columns(statuses=("state",), tags=""),
    attrs={
        "connection_bandwidth_in_mbps": Attr(Policy.DESIRED),
        "naas_provider": Attr(Policy.IDENTITY),
        "vpc_ids": Attr(Policy.REFERENCE, unordered),
        "parent_uuid": Attr(Policy.REFERENCE),
        "children": Attr(Policy.COMPUTED, unordered),
        # Its key is on a separate path, which is not read.
        "bgp": Attr(Policy.DESIRED, whole),
    },
    monthly_price=Shared("unknown: depends on bandwidth; no API returns the price"),
    rarely_changes=True,
)
