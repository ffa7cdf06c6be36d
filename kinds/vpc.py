from typing import Final

from kinds.comparators import by_default, unset_alike
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind

__all__ = ["VPC"]

VPC: Final = ResourceKind(
    name="vpc",
    urns=("vpc",),
    listing=Listing("/v2/vpcs", "vpcs", "vpc"),
    columns=Columns(statuses=(), tags=""),
    attrs={
        "description": Attr(Policy.DESIRED, same=unset_alike(by_default), quiet=True),
        "default": Attr(Policy.DESIRED),
        "ip_range": Attr(Policy.IDENTITY),
    },
    left_out=frozenset({"urn"}),
    rarely_changes=True,
)
