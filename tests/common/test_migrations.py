"""Databases are created once, are owned by no login role, and migrate forward."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from services.common.db.migrations import migrate, migration_config, owner_role
from services.common.settings import Service, Settings
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of


def query(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


@pytest.mark.parametrize("service", list(Service))
def test_a_services_role_owns_nothing_and_has_no_power(
    service: Service, fresh_database: Callable[[Service], str]
) -> None:
    url = fresh_database(service)
    power = query(
        url,
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
        " WHERE rolname = current_user",
    )
    assert power == [(False, False, False, False)]
    owned = query(
        url,
        "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
        " AND relpersistence <> 't'",
    )
    assert owned == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(url, "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(url, f"SET ROLE {owner_role(service)}")


@pytest.mark.parametrize("service", list(Service))
def test_a_service_cannot_enter_another_services_database(
    service: Service, fresh_database: Callable[[Service], str]
) -> None:
    for other in Service:
        if other is not service:
            url = fresh_database(other).replace(f"//{other}:", f"//{service}:")
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                query(url, "SELECT 1")


@pytest.mark.parametrize("service", list(Service))
def test_the_models_say_what_the_migrations_made(
    service: Service, fresh_settings: Callable[..., Settings]
) -> None:
    command.check(migration_config(fresh_settings(service), service))


@pytest.mark.parametrize("service", list(Service))
def test_migrations_are_one_line_and_go_forward_only(service: Service) -> None:
    script = ScriptDirectory.from_config(migration_config(Settings(), service))
    revisions = list(script.walk_revisions())
    assert len(script.get_heads()) == 1
    assert all(not hasattr(revision.module, "downgrade") for revision in revisions)


def test_many_may_migrate_at_once_and_again(postgres: PostgresServer) -> None:
    settings = Settings(
        database_admin_url=postgres.admin_url,
        catalog_database_url=postgres.url("catalog_crowd", "catalog"),
    )
    program = (
        "from services.common.db.migrations import migrate\n"
        "from services.common.settings import Service, Settings\n"
        "migrate(Settings(), Service.CATALOG)"
    )
    crowd = [
        subprocess.Popen([sys.executable, "-c", program], env=environment_of(settings))
        for _ in range(3)
    ]
    assert [process.wait(240) for process in crowd] == [0, 0, 0]
    migrate(settings, Service.CATALOG)
    postgres.drop("catalog_crowd")


def test_a_changed_password_is_taken_over(postgres: PostgresServer) -> None:
    url = postgres.url("analytics_rotated", "analytics")
    rotated = url.replace("arcadia-development", "n3w-password")
    for current in (url, rotated, url):
        settings = Settings(database_admin_url=postgres.admin_url, analytics_database_url=current)
        migrate(settings, Service.ANALYTICS)
        assert query(current, "SELECT 1") == [(1,)]
    postgres.drop("analytics_rotated")


def test_the_statistics_of_statements_are_where_the_docs_send_an_operator(
    postgres: PostgresServer, fresh_database: Callable[[Service], str]
) -> None:
    fresh_database(Service.CATALOG)
    with psycopg.connect(postgres.admin_url) as operator:
        row = operator.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone()
    assert row == (True,)
