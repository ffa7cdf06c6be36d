from collections.abc import Iterator

import pytest

from tests.simulator.running import Simulator, simulator

UNLIMITED = ("--rate-limit-per-minute", "0", "--rate-limit-per-hour", "0")
QUICK = ("--action-seconds", "60", "--settle-ms", "0")


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator that tests only read from."""
    with simulator(tmp_path_factory.mktemp("reading") / "data", *UNLIMITED, *QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def _writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator(tmp_path_factory.mktemp("writing") / "data", *UNLIMITED, *QUICK) as running:
        yield running


@pytest.fixture
def sim(_writing: Simulator) -> Simulator:
    """A simulator as new, for tests that change it."""
    _writing.post("/_simulator/reset", {})
    settings = {"rate_limit_per_minute": 0, "rate_limit_per_hour": 0, "settle_ms": 0}
    _writing.post("/_simulator/settings", settings)
    return _writing
