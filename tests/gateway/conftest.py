"""Gateways shared by the tests: started once, because each is a process."""

from collections.abc import AsyncIterator

import pytest

from gateway.limits import Limits
from tests.gateway.harness import Backend, Gateway, run_gateway, seeing, serve


@pytest.fixture(scope="session")
async def served() -> AsyncIterator[Backend]:
    async with serve(Backend()) as backend:
        yield backend


@pytest.fixture
def backend(served: Backend) -> Backend:
    """The services behind the gateway, with nothing set and nothing seen."""
    served.forget()
    return served


@pytest.fixture(scope="session")
async def running_gateway(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """As in development: no issuer and no audience are asked for."""
    async with run_gateway(tmp_path_factory.mktemp("gateway"), served.port) as running:
        yield running


@pytest.fixture(scope="session")
async def running_narrow(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """With limits small enough to be reached."""
    limits = Limits(
        caller_burst=3,
        caller_requests_per_second=1,
        public_requests_per_second=50,
        address_burst=30,
        address_requests_per_second=1,
        trusted_proxies=1,
        request_bytes=2_000,
        header_kilobytes=4,
        call_seconds=0.5,
    )
    directory = tmp_path_factory.mktemp("narrow")
    async with run_gateway(directory, served.port, limits=limits) as running:
        yield running


@pytest.fixture(scope="session")
async def running_deployed(
    served: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """As in production: other secrets, an issuer and an audience."""
    async with run_gateway(
        tmp_path_factory.mktemp("deployed"),
        served.port,
        env="production",
        jwt_secret="a-secret-of-the-deployment-which-is-long-enough-for-hs512-0123456789",
        internal_secret="another-secret-of-the-deployment-0123456789",
        ar_secret="a-third-secret-of-the-deployment-0123456789",
        jwt_issuer="arcadia_app",
        jwt_audience="arcadia_cloud",
    ) as running:
        yield running


@pytest.fixture
async def gateway(running_gateway: Gateway) -> Gateway:
    """The shared one, once it sees its services: they stand still while other tests run."""
    return await seeing(running_gateway)


@pytest.fixture
async def narrow(running_narrow: Gateway) -> Gateway:
    """The same for the one with narrow limits."""
    return await seeing(running_narrow)


@pytest.fixture
async def deployed(running_deployed: Gateway) -> Gateway:
    """The same for the one of a deployment."""
    return await seeing(running_deployed)
