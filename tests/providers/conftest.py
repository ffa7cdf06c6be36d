"""Fixtures of the provider's tests."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from providers.digitalocean.api.client import DigitalOcean, Retries
from providers.digitalocean.api.rate import RateBudget
from tests.providers.simulator import Simulator, start_simulator
from tests.support.engine_room import EngineRoom

QUICK = Retries(attempts=4, first_wait_seconds=0.01, longest_wait_seconds=0.02, jitter_seconds=0.01)


@pytest.fixture(scope="session")
def provider_simulator(engine_room: EngineRoom) -> Simulator:
    """450 droplets: three pages, the last one half full."""
    return start_simulator(engine_room, "provider-simulator", scale=450)


@pytest.fixture
def simulator(provider_simulator: Simulator) -> Iterator[Simulator]:
    """The simulator, behaving until told otherwise."""
    provider_simulator.behave()
    yield provider_simulator
    provider_simulator.behave()


@pytest.fixture
def token() -> str:
    """A token that no other test uses."""
    return uuid.uuid4().hex


@pytest.fixture
async def provider(simulator: Simulator, token: str) -> AsyncIterator[DigitalOcean]:
    """A client of the simulator that does not wait long."""
    async with DigitalOcean.open(simulator.url, token, RateBudget(), retries=QUICK) as client:
        yield client
