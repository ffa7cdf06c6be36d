import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from services.common.settings import Service, Settings
from stack.engines.engine import EngineUnusable
from stack.engines.postgres import Postgres
from stack.processes.process import Process
from tests.support.databases import PASSWORD, PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.waiting import tries


def server_at(folder: Path) -> Postgres:
    return Postgres(folder, free_port(), PASSWORD, durable=False)


def test_the_superuser_needs_the_password(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url) as connection:
        assert connection.info.parameter_status("server_version") == "18.6"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.admin_url.replace(PASSWORD, "wrong"))


def test_text_sorts_the_same_on_every_machine(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url) as connection:
        row = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
            " WHERE datname = 'postgres'"
        ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8")


def test_statements_are_counted_and_the_log_names_the_request(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url) as connection:
        row = connection.execute(
            "SELECT current_setting('shared_preload_libraries'), current_setting('log_line_prefix')"
        ).fetchone()
    assert row is not None
    assert row[0] == "pg_stat_statements"
    assert "%a" in row[1]


def test_a_test_gets_a_migrated_database_of_its_own(
    fresh_database: Callable[[Service], str],
) -> None:
    first, second = fresh_database(Service.CATALOG), fresh_database(Service.CATALOG)
    assert first != second
    with psycopg.connect(first) as connection:
        row = connection.execute(
            "SELECT current_user, pg_get_userbyid(datdba) FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
    assert row == ("catalog", "catalog_owner")


def test_one_services_role_cannot_enter_anothers_database(
    postgres: PostgresServer, fresh_settings: Callable[..., Settings]
) -> None:
    settings = fresh_settings(Service.CATALOG, Service.BILLING)
    database = settings.database_url(Service.CATALOG).rsplit("/", 1)[1]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url(database, Service.BILLING))


def started_again(engine_room: EngineRoom, engine: Postgres) -> Process:
    """The server anew, as the supervisor starts it: again, while what the killed one left ends."""
    for _ in tries():
        engine.prepare()
        try:
            return engine_room.start("kept", engine.command(), lambda p: engine.ready(p.pid))
        except RuntimeError as error:
            if "pre-existing shared memory block" not in str(error):
                raise
    raise AssertionError("the processes of the killed server never ended")


@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["open folder", "folder closed to others"])
def test_data_are_kept_over_a_killed_server(engine_room: EngineRoom, mode: int) -> None:
    parent = engine_room.folder / f"kept-{mode:o}"
    parent.mkdir(mode=mode)
    engine = server_at(parent / "postgres")
    url = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{engine.port}/postgres"

    engine.prepare()
    server = engine_room.start("kept", engine.command(), lambda p: engine.ready(p.pid))
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    server.popen.kill()
    engine_room.stop(server)

    server = started_again(engine_room, engine)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
    engine_room.stop(server)


def test_a_process_file_left_by_a_dead_server_is_removed(engine_room: EngineRoom) -> None:
    engine = server_at(engine_room.folder / "stale")
    engine.prepare()
    # The id of a living process that is no PostgreSQL, as after a restart of the machine.
    leftover = engine.data / "postmaster.pid"
    leftover.write_text("1\n/elsewhere\n")
    engine.prepare()
    assert not leftover.exists()


def test_data_in_use_are_left_alone(engine_room: EngineRoom) -> None:
    engine = server_at(engine_room.folder / "used")
    engine.prepare()
    server = engine_room.start("used", engine.command(), lambda p: engine.ready(p.pid))
    with pytest.raises(EngineUnusable, match=rf"\(process {server.pid}\) is already running"):
        engine.prepare()
    engine_room.stop(server)


def test_a_server_is_ready_only_under_its_own_process_id(engine_room: EngineRoom) -> None:
    engine = server_at(engine_room.folder / "own")
    engine.prepare()
    server = engine_room.start("own", engine.command(), lambda p: engine.ready(p.pid))
    assert engine.ready(server.pid)
    assert not engine.ready(server.pid + 1)
    engine_room.stop(server)
    assert not engine.ready(server.pid)


def test_it_listens_on_loopback_alone(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')"
        ).fetchone()
    assert row == ("127.0.0.1", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", postgres.port)) == 0
