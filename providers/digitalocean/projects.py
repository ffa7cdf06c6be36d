"""The project of our own resources: created once, however often it is requested."""

from typing import Final

from kinds.project import PROJECTS, SightedProject, sight_project
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import NameTaken, ProviderUnavailable

__all__ = ["ensure_project", "find_project"]

PURPOSE: Final = "Operational / Developer tooling"
DESCRIPTION: Final = "What the operator runs for itself."


async def find_project(provider: DigitalOcean, name: str) -> SightedProject | None:
    """The project of that name; None when there is none."""
    async for page in provider.pages(PROJECTS.path, PROJECTS.key):
        for row in page.items:
            if isinstance(row, dict) and row.get("name") == name:
                return sight_project(row)
    return None


async def ensure_project(provider: DigitalOcean, name: str) -> SightedProject:
    """The project of that name, made when there is none.

    When the answer to the creation is lost, or another was quicker, what the provider
    lists decides; only when it is not listed then does the error stand.
    """
    found = await find_project(provider, name)
    if found is not None:
        return found
    body = {"name": name, "purpose": PURPOSE, "description": DESCRIPTION}
    try:
        return sight_project(await provider.create(PROJECTS.path, PROJECTS.one_key, body))
    except (ProviderUnavailable, NameTaken):
        found = await find_project(provider, name)
        if found is None:
            raise
        return found
