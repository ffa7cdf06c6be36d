from typing import Final

from kinds.balancer_comparators import whether_set
from kinds.comparators import by_default, unset_alike
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.listing import CertificateNames

__all__ = ["CDN_ENDPOINT"]

CDN_ENDPOINT: Final = ResourceKind(
    name="cdn_endpoint",
    scope="cdn:read",
    terraform="digitalocean_cdn",
    listing=Listing(
        "/v2/cdn/endpoints", "endpoints", "endpoint", certificates=CertificateNames(of_row=True)
    ),
    columns=Columns(name="origin", region="", statuses=(), tags=""),
    attrs={
        "ttl": Attr(Policy.DESIRED),
        "custom_domain": Attr(Policy.DESIRED, same=unset_alike(by_default), unset_when_absent=True),
        # Changes at each renewal, under the same name.
        "certificate_id": Attr(
            Policy.REFERENCE,
            same=whether_set,
            unset_when_absent=True,
            identified_by="certificate_name",
        ),
        "certificate_name": Attr(Policy.REFERENCE, same=unset_alike(by_default)),
        "endpoint": Attr(Policy.COMPUTED),
    },
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    rarely_changes=True,
)
