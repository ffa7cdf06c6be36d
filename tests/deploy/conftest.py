"""The wheel, the contents of the image, and a rehearsal of production; each built once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.common.settings import Port, Service
from stack.processes.process import Process
from tests.deploy.compose import FOLDER, SERVICES
from tests.deploy.image import Image, build_wheel
from tests.deploy.rehearsal import Rehearsal, run
from tests.support.engine_room import EngineRoom
from tests.support.ports import offset_with_free
from tests.support.waiting import until


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def image(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image.build(tmp_path_factory.mktemp("image"), wheel)


@pytest.fixture(scope="session")
def rehearsal(
    engine_room: EngineRoom,
    image: Image,
    temporal_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Rehearsal:
    """Secrets made, PostgreSQL running; everything else is still to come."""
    folder = tmp_path_factory.mktemp("rehearsal")
    secrets = folder / "secrets"
    secrets.mkdir()
    (secrets / "ARCADIA_JWT_SECRET").write_text("of-arcadia-app-" * 5)
    (secrets / "DO_API_TOKEN").write_text("dop_v1_rehearsal")
    run((str(FOLDER / "deploy" / "make-secrets"), str(secrets)), os.environ)
    rehearsal = Rehearsal(
        image, engine_room, folder, temporal_address, offset=offset_with_free(Port.GATEWAY_ADMIN)
    )
    rehearsal.start_databases()
    return rehearsal


@pytest.fixture(scope="session")
def started(rehearsal: Rehearsal) -> Iterator[Callable[[str, list[str]], Process]]:
    """Starts programs of ours that last, and stops them as a container is stopped."""
    running: list[Process] = []

    def start(name: str, arguments: list[str]) -> Process:
        command = rehearsal.command(name, arguments)
        running.append(rehearsal.room.start(f"rehearsal-{name}", command, lambda _: True))
        return running[-1]

    yield start
    for process in reversed(running):
        rehearsal.room.stop(process)


@pytest.fixture(scope="session")
def migrated(rehearsal: Rehearsal) -> Rehearsal:
    """With its databases."""
    rehearsal.job("migrate", SERVICES["migrate"]["command"])
    return rehearsal


@pytest.fixture(scope="session")
def serving(migrated: Rehearsal, started: Callable[[str, list[str]], Process]) -> Rehearsal:
    """With its four services."""

    def all_well() -> bool:
        return all(migrated.serves(service) for service in Service)

    for service in Service:
        assert not migrated.serves(service)
        started(service, SERVICES[service]["command"])
    until(all_well)
    return migrated
