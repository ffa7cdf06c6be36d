from typing import Final

from providers.digitalocean.kinds.comparators import by_default, unset_alike
from providers.digitalocean.kinds.kind import Attr, Columns, ResourceKind
from providers.digitalocean.kinds.listing import Listing
from providers.digitalocean.kinds.policy import FieldPolicy, Policy

__all__ = ["CDN_ENDPOINT"]

CDN_ENDPOINT: Final = ResourceKind(
    name="cdn_endpoint",
    scope="cdn:read",
    terraform="digitalocean_cdn",
    listing=Listing("/v2/cdn/endpoints", "endpoints", "endpoint"),
    columns=Columns(name="origin", region="", statuses=(), tags=""),
    attrs={
        "ttl": Attr(Policy.DESIRED),
        "custom_domain": Attr(Policy.DESIRED, same=unset_alike(by_default)),
        "certificate_id": Attr(Policy.REFERENCE, same=unset_alike(by_default)),
        "endpoint": Attr(Policy.COMPUTED),
    },
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    rarely_changes=True,
)
