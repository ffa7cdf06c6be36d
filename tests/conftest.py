"""The real engines for the tests; each worker of pytest has its own."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import hypothesis
import pytest
from httpx._transports import default as transports

from services.common.settings import Service, Settings
from stack.engines.postgres import Postgres
from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving, http_ok
from tests.support.databases import PASSWORD, PostgresServer
from tests.support.distribution import FilesOfAStack, long_first
from tests.support.engine_room import EngineRoom
from tests.support.environment import OURS
from tests.support.ports import free_port
from tests.support.whole_stack import WholeStack

# A developer's settings, above all real tokens, must not reach the tests.
for variable in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[variable]


# Each httpx client reads the certificates of all authorities, in 27 ms of processor time. The
# tests open thousands of clients of plain HTTP on loopback, so they are read once.
vars(transports)["create_ssl_context"] = functools.cache(httpx.create_ssl_context)

# On a busy machine generating an example may be slow, which is no error of the property. A fixture
# shared by all examples is intended.
hypothesis.settings.register_profile(
    "arcadia",
    deadline=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
# For `make mutants`: few, fixed examples, so that a mutant has a deterministic outcome. Surviving
# mutants run all of them, and bounds are tested by figures. Failing examples need no shrinking.
hypothesis.settings.register_profile(
    "mutants",
    hypothesis.settings.get_profile("arcadia"),
    derandomize=True,
    max_examples=10,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "arcadia"))


def pytest_configure(config: pytest.Config) -> None:
    """Registers our markers."""
    config.addinivalue_line("markers", "soak: takes long; run by `make soak`")
    config.addinivalue_line("markers", "focus: runs the public validator, which needs Python 3.12")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesOfAStack:
    """Called by pytest-xdist: the distribution of tests."""
    return FilesOfAStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called by pytest: the order of the tests."""
    long_first(items)


FreshSettings = Callable[..., Settings]


@pytest.fixture(scope="session")
def engine_room() -> Iterator[EngineRoom]:
    """Starts processes and ends them all when the session ends, however it ends."""
    room = EngineRoom()
    yield room
    room.close()


@pytest.fixture(scope="session")
def postgres(engine_room: EngineRoom) -> PostgresServer:
    """A running PostgreSQL."""
    port = free_port()
    engine = Postgres(engine_room.folder / "postgres", port, PASSWORD, durable=False)
    engine.prepare()
    engine_room.start("postgres", engine.command(), lambda process: engine.ready(process.pid))
    return PostgresServer(port)


@pytest.fixture
def fresh_database(postgres: PostgresServer) -> Iterator[Callable[[Service], str]]:
    """Creates a migrated database of a service for this test; returns its service URL."""
    made: list[str] = []

    def make(service: Service) -> str:
        made.append(postgres.create(service))
        return postgres.url(made[-1], service)

    yield make
    for name in made:
        postgres.drop(name)


@pytest.fixture
def fresh_settings(
    postgres: PostgresServer, fresh_database: Callable[[Service], str]
) -> FreshSettings:
    """Creates settings in which the named services have a fresh database each."""

    def make(*services: Service, **overrides: Any) -> Settings:
        urls = {f"{service}_database_url": fresh_database(service) for service in services}
        return postgres.settings({}, **urls, **overrides)

    return make


@pytest.fixture(scope="session")
def temporal_address(engine_room: EngineRoom) -> str:
    """`host:port` of a running Temporal server."""
    port = free_port()
    engine = Temporal(engine_room.folder / "temporal", port, free_port(), durable=False)
    engine.prepare()
    address = f"127.0.0.1:{port}"
    engine_room.start(
        "temporal", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    return address


@pytest.fixture(scope="session")
def simulator_url(engine_room: EngineRoom) -> str:
    """The base URL of a running DigitalOcean simulator."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder = engine_room.folder / "simulator"
    engine_room.start_program(
        "simulator",
        [
            sys.executable, "-m", "providers.digitalocean.simulator",
            "--port", str(port), "--data-dir", str(folder),
        ],
        os.environ,
        lambda _: http_ok(f"{url}/_simulator/health"),
    )  # fmt: skip  # a table
    return url


@pytest.fixture(scope="session")
def stack(engine_room: EngineRoom) -> Iterator[WholeStack]:
    """The whole system, as `arcadia up` runs it; shared, so leave it as you found it."""
    whole = WholeStack.at(engine_room.folder / "stack", engine_room)
    whole.up()
    # Imported here, because Temporal's library takes a second to load, which pure tests do not
    # need.
    from tests.support.schedules import hold_schedules_of

    hold_schedules_of(whole.settings)
    yield whole
    whole.stop()
