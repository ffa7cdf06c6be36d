"""Errors in a row of a listing."""

from typing import Final

__all__ = ["UnreadableRow"]

MAX_REASON: Final = 300
"""Characters that are kept of a reason."""


class UnreadableRow(ValueError):
    """One row of a listing, or a part of it, cannot be read; the others can."""

    def __init__(self, kind: str, provider_id: str, reason: str) -> None:
        self.provider_id = provider_id
        """Empty where even the id cannot be read: the row may be any resource of the kind."""
        self.in_words = f"{kind} {provider_id}: {reason}" if provider_id else f"a {kind}: {reason}"
        self.in_words = self.in_words[:MAX_REASON].replace("\0", "\\0")
        """As in `droplet 42: networks.v4[0] has no ip_address`."""
        super().__init__(self.in_words)
