"""The internal project is created once, whatever the provider returns; members of projects."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.pages import Page
from providers.digitalocean.errors import AccessDenied, ProviderUnavailable
from providers.digitalocean.projects import (
    ensure_project,
    find_project,
    list_project_ids,
    members_of,
)
from tests.providers.simulator import Simulator

PROJECTS = "/v2/projects"


async def named(provider: DigitalOcean, name: str) -> int:
    rows = [row async for page in provider.pages(PROJECTS, "projects") for row in page.items]
    return [row["name"] for row in rows].count(name)


async def test_a_missing_project_is_made_and_an_existing_one_is_not(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    assert await find_project(provider, "made-once") is None

    made = await ensure_project(provider, "made-once")
    again = await ensure_project(provider, "made-once")

    assert made == again == await find_project(provider, "made-once")
    assert len(simulator.requests("POST", PROJECTS)) == 1


async def test_a_lost_answer_does_not_make_it_twice(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("drop", path=PROJECTS, method="POST", times=1)

    made = await ensure_project(provider, "answer-lost")

    assert made.name == "answer-lost"
    assert await named(provider, "answer-lost") == 1


async def test_a_creation_that_failed_is_an_error(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    simulator.fault("server_error", path=PROJECTS, method="POST")

    with pytest.raises(ProviderUnavailable):
        await ensure_project(provider, "never-made")


async def test_a_token_that_may_not_create_projects_is_reported(
    simulator: Simulator, provider: DigitalOcean, token: str
) -> None:
    simulator.narrow(token, "project:create")

    with pytest.raises(AccessDenied):
        await ensure_project(provider, "not-allowed")


class Listing:
    """A provider of which every project has one page, with one droplet."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def pages(self, path: str, key: str, **_: Any) -> AsyncGenerator[Page, None]:
        self.asked.append(path.split("/")[3])
        await asyncio.sleep(0)
        yield Page([{"urn": f"do:droplet:{len(self.asked)}"}], 1, 1, None)


async def test_the_members_of_the_next_projects_are_requested_with_those_of_the_first() -> None:
    listing = Listing()
    async with aclosing(members_of(listing, "abcde", at_once=3)) as pages:  # type: ignore[arg-type]
        seen = [(await anext(pages)).project]
        assert listing.asked == ["a", "b", "c"]
        seen += [page.project async for page in pages]

    assert seen == listing.asked == ["a", "b", "c", "d", "e"]


async def test_members_of_projects_are_requested_one_by_one_if_configured() -> None:
    listing = Listing()
    async with aclosing(members_of(listing, "abc")) as pages:  # type: ignore[arg-type]
        assert (await anext(pages)).project == "a"
        assert listing.asked == ["a"]


async def test_members_go_on_from_a_page_of_the_first_project(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    projects, _ = await list_project_ids(provider)
    whole = [page async for page in members_of(provider, projects, at_once=4)]

    rest = [page async for page in members_of(provider, projects, first=2, at_once=4)]

    assert [page for page in rest if page.members] == [
        page for page in whole if page.members and page.project != projects[0]
    ]
