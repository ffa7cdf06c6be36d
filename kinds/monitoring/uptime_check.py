"""Uptime checks; the first one of an account is free."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import unordered

__all__ = ["UPTIME_CHECK"]

UPTIME_CHECK: Final = ResourceKind(
    name="uptime_check",
    billing=Billing(
        (Product("uptime", ("UPTI",)),), ("Management and Governance", "Observability")
    ),
    scope="uptime:read",
    added_later=True,
    # The path of one check is from pydo 0.44, `uptime.get_check`.
    listing=Listing("/v2/uptime/checks", "checks", "check"),
    columns=Columns(region="", statuses=(), tags="", created_at=""),
    attrs={
        "type": Attr(Policy.DESIRED),
        "target": Attr(Policy.DESIRED),
        "regions": Attr(Policy.DESIRED, unordered),
        "enabled": Attr(Policy.DESIRED),
    },
    monthly_price=Shared("unknown: only the account's first check is free"),
    rarely_changes=True,
)
