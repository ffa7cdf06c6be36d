from typing import Final

from providers.digitalocean.kinds.kind import Columns, ResourceKind
from providers.digitalocean.kinds.listing import BUCKETS
from providers.digitalocean.kinds.policy import FieldPolicy, Policy
from providers.digitalocean.kinds.pricing import Shared

__all__ = ["SPACES_BUCKET"]

SPACES_BUCKET: Final = ResourceKind(
    name="spaces_bucket",
    listing=BUCKETS,
    columns=Columns(provider_id="name", statuses=(), tags="", created_at="created_at"),
    column_policies={"name": FieldPolicy(Policy.IDENTITY)},
    # A project's URN tells the name alone.
    scoped=frozenset({"region"}),
    monthly_price=Shared("unknown: one subscription covers all buckets of the account"),
    rarely_changes=True,
)
