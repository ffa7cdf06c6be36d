"""Public SSH keys for new droplets."""

from typing import Final

from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind

__all__ = ["SSH_KEY"]

SSH_KEY: Final = ResourceKind(
    name="ssh_key",
    added_later=True,
    # By its id or its fingerprint; the path of one key is from pydo 0.44, `ssh_keys.get`.
    listing=Listing("/v2/account/keys", "ssh_keys", "ssh_key"),
    columns=Columns(region="", statuses=(), tags="", created_at=""),
    attrs={"fingerprint": Attr(Policy.IDENTITY), "public_key": Attr(Policy.IDENTITY)},
    rarely_changes=True,
)
