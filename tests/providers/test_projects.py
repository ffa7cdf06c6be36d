"""The project of our own is made once, however the provider answers."""

import pytest

from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import AccessDenied, ProviderUnavailable
from providers.digitalocean.projects import ensure_project, find_project
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


async def test_a_token_that_may_not_make_projects_is_told_so(
    simulator: Simulator, provider: DigitalOcean, token: str
) -> None:
    simulator.narrow(token, "project:create")

    with pytest.raises(AccessDenied):
        await ensure_project(provider, "not-allowed")
