"""Keys of Spaces, by their public part: the API returns the secret only on creation."""

from typing import Final

from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.reducers import in_one_order

__all__ = ["SPACES_KEY"]

SPACES_KEY: Final = ResourceKind(
    name="spaces_key",
    added_later=True,
    listing=Listing("/v2/spaces/keys", "keys", "key"),
    columns=Columns(provider_id="access_key", region="", statuses=(), tags=""),
    attrs={"grants": Attr(Policy.DESIRED, in_one_order)},
    rarely_changes=True,
)
