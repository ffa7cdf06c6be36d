from typing import Final

from kinds.access_comparators import firewall_rules
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.reducers import rules, unordered

__all__ = ["FIREWALL"]

FIREWALL: Final = ResourceKind(
    name="firewall",
    listing=Listing("/v2/firewalls", "firewalls", "firewall"),
    # Its tags select the droplets that it protects: it has the owner of these.
    columns=Columns(region="", statuses=()),
    attrs={
        "inbound_rules": Attr(Policy.DESIRED, rules, same=firewall_rules, quiet=True),
        "outbound_rules": Attr(Policy.DESIRED, rules, same=firewall_rules, quiet=True),
        "droplet_ids": Attr(Policy.REFERENCE, unordered),
    },
    scoped={
        "tags": "tag:read",
        "inbound_rules.sources.tags": "tag:read",
        "outbound_rules.destinations.tags": "tag:read",
        "droplet_ids": "droplet:read",
    },
    # `waiting` while rules are being applied to droplets, which come and go.
    volatile=frozenset({"pending_changes", "status"}),
)
