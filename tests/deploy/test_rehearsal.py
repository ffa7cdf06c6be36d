"""A rehearsal of production: docker-compose.yml in its order, on real engines."""

import re
from collections.abc import Callable

import httpx
import psycopg
import pytest

from services.common.settings import Service
from stack.engines import envoy
from stack.engines.engine import Command
from stack.processes.process import Process
from tests.deploy.compose import SERVICES
from tests.deploy.rehearsal import NAMESPACE, Rehearsal
from tests.support.waiting import until


def test_databases_are_made_and_made_again_without_harm(migrated: Rehearsal) -> None:
    migrated.job("migrate", SERVICES["migrate"]["command"])
    for service in Service:
        with migrated.connect(f"ARCADIA_{service.upper()}_DATABASE_URL") as connection:
            row = connection.execute("SELECT current_user, current_database()").fetchone()
            assert row == (str(service), str(service))


def test_temporals_databases_are_its_own_and_its_password_follows_the_secret(
    rehearsal: Rehearsal,
) -> None:
    place = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(rehearsal.database_port),
        "SECRETS_FOLDER": str(rehearsal.folder / "secrets"),
    }
    rehearsal.script("temporal-database", place)
    secret = rehearsal.folder / "secrets" / "TEMPORAL_DATABASE_PASSWORD"
    secret.chmod(0o600)
    secret.write_text("it's \\another")
    rehearsal.script("temporal-database", place)
    for database in ("temporal", "temporal_visibility"):
        with psycopg.connect(
            host="127.0.0.1",
            port=rehearsal.database_port,
            user="temporal",
            password="it's \\another",
            dbname=database,
        ) as connection:
            # What the schema of its visibility asks for first.
            connection.execute("CREATE EXTENSION btree_gin")
            connection.execute("CREATE TABLE owned ()")
            connection.rollback()


def test_a_service_cannot_enter_what_is_temporals_nor_temporal_what_is_ours(
    migrated: Rehearsal,
) -> None:
    url = migrated.secrets["ARCADIA_INVENTORY_DATABASE_URL"]
    for database in ("temporal", "billing", "catalog", "analytics"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(re.sub(r"inventory$", database, url)).close()


def test_services_become_well_and_the_gateway_shows_them(serving: Rehearsal) -> None:
    folder = serving.folder / "gateway"
    arguments = [
        str(folder) if word.startswith("/var/lib/") else word.replace("0.0.0.0", "127.0.0.1")
        for word in SERVICES["gateway-config"]["command"]
    ]
    more = {
        "ARCADIA_PORT_OFFSET": str(serving.offset),
        "ARCADIA_HTTP_PORT": str(serving.gateway_port),
    }
    serving.job("gateway-config", arguments, **more)
    assert (folder / "jwks.json").stat().st_mode & 0o777 == 0o600

    options = [
        word.replace("/var/lib/arcadia/gateway", str(folder))
        for word in SERVICES["gateway"]["command"]
    ]
    assert not serving.ask_gateway("GET", "/ready")
    process = serving.room.start(
        "rehearsal-gateway",
        Command((str(envoy.binary()), *options), {"PATH": "/usr/bin:/bin"}, folder),
        lambda _: serving.ask_gateway("GET", "/ready"),
    )
    base = f"http://127.0.0.1:{serving.gateway_port}"
    until(lambda: httpx.get(f"{base}/api/health", trust_env=False).status_code == httpx.codes.OK)
    answer = httpx.get(f"{base}/api/v1/inventory", trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED

    assert not serving.ask_gateway("GET", "/no-such-page")
    assert serving.ask_gateway("POST", "/drain_listeners?graceful&skip_exit")
    assert httpx.get(f"{base}/api/health", trust_env=False).status_code == httpx.codes.OK
    serving.room.stop(process)


def test_the_worker_is_well_while_it_polls_in_its_namespace(
    serving: Rehearsal, started: Callable[[str, list[str]], Process]
) -> None:
    place = {"TEMPORAL_ADDRESS": serving.temporal, "TEMPORAL_NAMESPACE": NAMESPACE}
    serving.script("temporal-namespace", place)
    serving.script("temporal-namespace", place)
    assert not serving.well("worker", serving.temporal)
    started("worker", SERVICES["worker"]["command"])
    until(lambda: serving.well("worker", serving.temporal))
