"""Read-only replicas of databases: nodes with their own size, region and charge."""

from typing import Final

from kinds.database import CONNECTIONS, CREDENTIALS, DATABASES, LOGIN
from kinds.kind import Attr, Columns, Policy, ResourceKind
from kinds.listing import NestedListing
from kinds.pricing import DATABASE_SIZES, BySize
from kinds.reducers import whole

__all__ = ["DATABASE_REPLICA"]

DATABASE_REPLICA: Final = ResourceKind(
    name="database_replica",
    scope="database:read",
    added_later=True,
    listing=NestedListing(DATABASES, "replicas", "replicas", "cluster_id"),
    columns=Columns(size="size"),
    attrs={
        "cluster_id": Attr(Policy.IDENTITY),
        "storage_size_mib": Attr(Policy.DESIRED),
        "do_settings": Attr(Policy.DESIRED, whole),
        "private_network_uuid": Attr(Policy.REFERENCE),
        **{name: Attr(Policy.COMPUTED, whole) for name in CONNECTIONS},
    },
    scoped={
        "tags": "tag:read",
        "private_network_uuid": "vpc:read",
        **dict.fromkeys(CONNECTIONS, CREDENTIALS),
        **{f"{name}.{secret}": CREDENTIALS for name in CONNECTIONS for secret in LOGIN},
    },
    secrets=frozenset(f"{name}.{secret}" for name in CONNECTIONS for secret in ("uri", "password")),
    in_flight=frozenset({"creating", "resizing", "migrating", "forking"}),
    monthly_price=BySize(DATABASE_SIZES),
    # One request per database: too many for every hour.
    rarely_changes=True,
)
