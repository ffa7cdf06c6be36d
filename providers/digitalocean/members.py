"""Which resources are in which project: the projects' lists, read page by page."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from kinds.project import PROJECT, PROJECTS, ProjectMember, member
from kinds.unreadable import UnreadableRow, identify
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import AccessDenied, MalformedAnswer, NotFound, RequestRefused

__all__ = ["PART_ERRORS", "MembersPage", "list_project_ids", "member_pages"]

PART_ERRORS: Final = (AccessDenied, RequestRefused, MalformedAnswer, UnreadableRow)
"""Errors that concern the parts of one object: those of the others are still read."""


@dataclass(frozen=True, slots=True)
class MembersPage:
    """A page of a project's resources."""

    project: str
    number: int
    members: tuple[ProjectMember, ...]
    """Of the kinds that we keep."""
    row_count: int
    unreadable: tuple[UnreadableRow, ...]
    """Under the project's id: rows of it, or why the rest of its list is not known."""


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


async def member_pages(
    provider: DigitalOcean, project: str, *, first: int = 1, at_once: int = 1
) -> AsyncGenerator[MembersPage, None]:
    """A project's resources, from page `first` on; nothing when the project is gone.

    `at_once` pages are asked for side by side.

    A project whose list is refused ends with a page that says so. Raises ProviderError for
    what concerns all projects.
    """
    path = f"{PROJECTS.path}/{project}/resources"
    number = first
    try:
        pages = provider.pages(path, "resources", first=first, may_be_gone=True, at_once=at_once)
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
        # Deleted since it was listed; its resources went elsewhere first.
        return
    except PART_ERRORS as error:
        refused = UnreadableRow(PROJECT, project, f"its resources: {error}")
        yield MembersPage(project, number, (), 0, (refused,))
