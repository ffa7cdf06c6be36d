"""The cloud providers by the names that services, workflows and stored rows have for them."""

from typing import Final

__all__ = ["DIGITALOCEAN"]

DIGITALOCEAN: Final = "digitalocean"
