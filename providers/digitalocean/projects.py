"""The project of our own resources, created once, and the members of every project."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Unpack

from kinds.project import PROJECT, PROJECTS, ProjectMember, SightedProject, member, sight_project
from kinds.unreadable import UnreadableRow, identify
from providers.digitalocean.api.client import DigitalOcean, Pace
from providers.digitalocean.api.pages import Prefetch
from providers.digitalocean.errors import (
    AccessDenied,
    MalformedAnswer,
    NameTaken,
    NotFound,
    ProviderUnavailable,
    RequestRefused,
)

__all__ = [
    "PART_ERRORS",
    "MembersPage",
    "ensure_project",
    "find_project",
    "list_project_ids",
    "members_of",
]

PURPOSE: Final = "Operational / Developer tooling"
DESCRIPTION: Final = "What the operator runs for itself."


async def find_project(provider: DigitalOcean, name: str) -> SightedProject | None:
    """The project of that name; None if it does not exist."""
    async for page in provider.pages(PROJECTS.path, PROJECTS.key):
        for row in page.items:
            if isinstance(row, dict) and row.get("name") == name:
                return sight_project(row)
    return None


async def ensure_project(provider: DigitalOcean, name: str) -> SightedProject:
    """The project of that name; creates it if it does not exist.

    If the response is lost, or another caller was faster, the provider's list decides; the error
    is raised only if the project is not listed.
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


PART_ERRORS: Final = (AccessDenied, RequestRefused, MalformedAnswer, UnreadableRow)
"""Errors of the parts of one object: the parts of others are still read."""


@dataclass(frozen=True, slots=True)
class MembersPage:
    """A page of a project's resources."""

    project: str
    number: int
    members: tuple[ProjectMember, ...]
    """Resources of kinds that we keep."""
    row_count: int
    unreadable: tuple[UnreadableRow, ...]
    """For the project: unreadable rows, or why the rest of its list is unknown."""

    def __len__(self) -> int:
        """Its weight in a call: its rows, at least one."""
        return self.row_count or 1


async def list_project_ids(
    provider: DigitalOcean,
) -> tuple[list[str], tuple[UnreadableRow, ...]]:
    """The ids of all projects, and the rows without one. Raises ProviderError."""
    identifiers: list[str] = []
    odd: list[UnreadableRow] = []
    async for page in provider.pages(PROJECTS.path, PROJECTS.key):
        for row in page.items:
            try:
                identifiers.append(identify(PROJECT, row))
            except UnreadableRow as error:
                odd.append(error)
    return identifiers, tuple(odd)


async def members_of(
    provider: DigitalOcean, projects: Sequence[str], *, first: int = 1, at_once: int = 1
) -> AsyncGenerator[MembersPage, None]:
    """The resources of projects, project by project; of the first one from page `first` on.

    `at_once` pages are requested concurrently, also of the next projects. A deleted project has
    none; one whose list is rejected ends with a page that says so. Raises ProviderError for errors
    that concern all projects.
    """
    turns = asyncio.Semaphore(at_once)
    coming: deque[Prefetch[MembersPage]] = deque()
    asked = 0
    try:
        while coming or asked < len(projects):
            while asked < len(projects) and len(coming) < at_once:
                start = 1 if asked else first
                pages = _member_pages(
                    provider, projects[asked], first=start, at_once=at_once, turns=turns
                )
                coming.append(Prefetch(pages))
                asked += 1
            async with aclosing(coming.popleft()) as following:
                async for page in following:
                    yield page
    finally:
        for unread in coming:
            await unread.aclose()


async def _member_pages(
    provider: DigitalOcean, project: str, *, first: int = 1, **pace: Unpack[Pace]
) -> AsyncGenerator[MembersPage, None]:
    """The resources of a project, as `members_of`."""
    path = f"{PROJECTS.path}/{project}/resources"
    number = first
    try:
        pages = provider.pages(path, "resources", first=first, may_be_gone=True, **pace)
        async for page in pages:
            number = page.number + 1
            living: list[ProjectMember] = []
            odd: list[UnreadableRow] = []
            for row in page.items:
                try:
                    found = member(row)
                except UnreadableRow as error:
                    odd.append(UnreadableRow(PROJECT, project, str(error)))
                else:
                    living += [] if found is None else [found]
            yield MembersPage(project, page.number, tuple(living), len(page.items), tuple(odd))
    except NotFound:
        # Deleted since it was listed; its resources were moved before.
        return
    except PART_ERRORS as error:
        refused = UnreadableRow(PROJECT, project, f"its resources: {error}")
        yield MembersPage(project, number, (), 0, (refused,))
