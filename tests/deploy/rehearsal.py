"""Production without a container engine: programs and jobs as in docker-compose.yml.

Programs run from the image's contents, with the environment and secrets of their containers, on
the tests' engines; only addresses and folders differ.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from services.common.settings import Port, Service
from stack.engines import postgres, temporal
from stack.engines.engine import Command
from tests.deploy.compose import FOLDER, SERVICES
from tests.deploy.image import Image
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port

__all__ = ["NAMESPACE", "SQL_PROGRAMS", "Rehearsal", "run"]

NAMESPACE = "rehearsal"
SQL_PROGRAMS = postgres.binaries()


@dataclass
class Rehearsal:
    """What there is of production so far."""

    image: Image
    room: EngineRoom
    folder: Path
    temporal: str
    database_port: int = field(default_factory=free_port)
    ports: dict[Service, int] = field(default_factory=lambda: {s: free_port() for s in Service})
    gateway_port: int = field(default_factory=free_port)
    offset: int = 0

    @property
    def secrets(self) -> dict[str, str]:
        """As deploy/make-secrets made them, for the place where the databases are here."""
        return {
            path.name: path.read_text().replace(
                "@postgres:5432", f"@127.0.0.1:{self.database_port}"
            )
            for path in (self.folder / "secrets").iterdir()
        }

    def environment(self, name: str) -> dict[str, str]:
        """A container's environment, with addresses of this machine."""
        addresses = {
            f"ARCADIA_{service.upper()}_ADDRESS": f"127.0.0.1:{port}"
            for service, port in self.ports.items()
        }
        places = {
            **addresses,
            "TEMPORAL_ADDRESS": self.temporal,
            "TEMPORAL_NAMESPACE": NAMESPACE,
            "DO_API_URL": "http://127.0.0.1:1",
        }
        given: dict[str, str] = SERVICES[name]["environment"]
        return {variable: places.get(variable, value) for variable, value in given.items()}

    def command(self, name: str, arguments: list[str]) -> Command:
        """How a container starts one of our programs."""
        given = {secret: self.secrets[secret] for secret in SERVICES[name]["secrets"]}
        return self.image.command(arguments, self.environment(name), given)

    def job(self, name: str, arguments: list[str], **more: str) -> None:
        """Runs a job of ours to its end; it has to end well."""
        command = self.command(name, arguments)
        run(command.arguments, {**command.environment, **more})

    def script(self, name: str, environment: Mapping[str, str]) -> None:
        """Runs a job that is a script of deploy, with the engine's own programs."""
        (config,) = SERVICES[name]["configs"]
        assert SERVICES[name]["entrypoint"] == ["sh", config["target"]]
        paths = f"{SQL_PROGRAMS}:{temporal.binary().parent}:/usr/bin:/bin"
        script = FOLDER / "deploy" / "temporal" / Path(config["target"]).name
        run(
            ("sh", str(script)),
            {**SERVICES[name]["environment"], **environment, "PATH": paths, "HOME": "/nonexistent"},
        )

    def start_databases(self) -> None:
        """Starts an empty PostgreSQL whose superuser has the password of the secret."""
        place = self.room.folder / f"production-{self.database_port}"
        password = self.secrets["POSTGRES_PASSWORD"]
        engine = postgres.Postgres(place, self.database_port, password, durable=False)
        engine.prepare()
        self.room.start(place.name, engine.command(), lambda process: engine.ready(process.pid))

    def serves(self, service: Service) -> bool:
        """Whether a service is well."""
        return self.well(service, f"127.0.0.1:{self.ports[service]}")

    def well(self, name: str, place: str) -> bool:
        """What a container's health check says."""
        test = [place if ":" in word else word for word in SERVICES[name]["healthcheck"]["test"]]
        assert test.pop(0) == "CMD"
        return self.image.run(test, {"TEMPORAL_NAMESPACE": NAMESPACE}).returncode == 0

    def ask_gateway(self, method: str, path: str) -> bool:
        """What the container's script says of the gateway's admin interface."""
        result = subprocess.run(
            ["/bin/bash", str(FOLDER / "deploy" / "gateway" / "admin"), method, path],
            env={"PATH": "/usr/bin:/bin", "ADMIN_PORT": str(Port.GATEWAY_ADMIN.at(self.offset))},
            capture_output=True,
            check=False,
        )
        return result.returncode == 0

    def connect(self, secret: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection by one of the URLs."""
        return psycopg.connect(self.secrets[secret])


def run(arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
    result = subprocess.run(
        arguments, env=dict(environment), capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr
