"""The names of cloud providers in services, workflows and the database."""

from typing import Final

__all__ = ["DIGITALOCEAN"]

DIGITALOCEAN: Final = "digitalocean"
