"""Certificates of load balancers and CDN endpoints; their private keys are never shown."""

from typing import Final

from kinds.kind import Attr, Columns, ResourceKind
from kinds.listing import Listing
from kinds.policy import Policy
from kinds.reducing import unordered

__all__ = ["CERTIFICATE"]

CERTIFICATE: Final = ResourceKind(
    name="certificate",
    scope="certificate:read",
    terraform="digitalocean_certificate",
    added_later=True,
    listing=Listing("/v2/certificates", "certificates", "certificate"),
    columns=Columns(region="", statuses=("state",), tags=""),
    attrs={
        "dns_names": Attr(Policy.DESIRED, unordered),
        "type": Attr(Policy.IDENTITY),
        # Both move whenever Let's Encrypt renews it.
        "not_after": Attr(Policy.COMPUTED),
        "sha1_fingerprint": Attr(Policy.COMPUTED),
    },
    in_flight=frozenset({"pending"}),
    rarely_changes=True,
)
