"""Certificates of load balancers and CDN endpoints; the API never returns their private keys.

A certificate is identified by its name, which is unique on an account. Let's Encrypt's are renewed
every two months: the provider creates a new one, with another id and fingerprint, under the same
name.
"""

from typing import Final

from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.policy import is_renewed
from kinds.reducers import unordered

__all__ = ["CERTIFICATE"]

CERTIFICATE: Final = ResourceKind(
    name="certificate",
    added_later=True,
    listing=Listing("/v2/certificates", "certificates", "certificate", found_by="name"),
    columns=Columns(provider_id="name", region="", statuses=("state",), tags=""),
    attrs={
        "dns_names": Attr(Policy.DESIRED, unordered),
        "type": Attr(Policy.DESIRED),
        # Of an uploaded certificate, the fingerprint shows whether it was replaced under the same
        # name.
        "sha1_fingerprint": Attr(Policy.DESIRED, computed_when=is_renewed),
        "id": Attr(Policy.VOLATILE),
        "not_after": Attr(Policy.VOLATILE),
    },
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    in_flight=frozenset({"pending"}),
    rarely_changes=True,
)
