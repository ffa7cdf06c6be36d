"""The kinds that are synced, each a declaration of its own."""

from types import MappingProxyType
from typing import Final

from providers.digitalocean.kinds.droplet import DROPLET

__all__ = ["RESOURCE_KINDS"]

RESOURCE_KINDS: Final = MappingProxyType({kind.name: kind for kind in (DROPLET,)})
"""The resource kinds by their names."""
