"""Creates roles and databases, and runs alembic per service.

Each service has one database, owned by the role `<service>_owner`, which cannot log in, and a role
`<service>`, which the service logs in as and which owns nothing. So row-level security and
append-only tables also apply to the service itself.
"""

from pathlib import Path
from time import sleep
from typing import Any, Final

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, MetaData, create_engine, pool, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from services.common.db.session_limits import IDLE_SECONDS, STATEMENT_SECONDS
from services.common.settings import Service, Settings

__all__ = ["migrate", "migration_config", "provision", "run_environment"]

LOCK_TIMEOUT: Final = "5s"
"""A migration that waits for a table holds up all who come after it."""
LOCK_TRIES: Final = 10
LOCK_PAUSE_SECONDS: Final = 2.0
STATEMENT_TIMEOUT: Final = "10min"
MIGRATION_LOCK: Final = 7_203_451_187
"""The advisory lock that serializes migrations of a database."""

log = structlog.get_logger("migrations")


def owner_role(service: Service) -> str:
    """The role that owns a service's database and tables."""
    return f"{service}_owner"


def provision(settings: Settings, service: Service) -> None:
    """Creates a service's roles and database if they do not exist.

    Sets the service's password to the one in its database URL.
    """
    url = make_url(settings.database_url(service))
    role, owner = sql.Identifier(url.username or service), sql.Identifier(owner_role(service))
    with psycopg.connect(settings.admin_url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        _ensure_statistics(connection)
        _ensure_role(connection, owner_role(service))
        _ensure_role(connection, url.username or service)
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                role, sql.Literal(_verifier(connection, url))
            )
        )
        _bound_sessions(connection, role)
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
        database = url.database or str(service)
        exists = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [database]
        ).fetchone()
        if exists is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), owner)
            )
        _restrict(connection, database, role)


def _ensure_statistics(connection: psycopg.Connection[Any]) -> None:
    """Creates the extension pg_stat_statements in the administrator's database.

    Its statistics cover the whole server, if the server loads the library.
    """
    connection.execute(
        "DO $$ BEGIN"
        " IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements')"
        " THEN CREATE EXTENSION IF NOT EXISTS pg_stat_statements; END IF; END $$"
    )


def _ensure_role(connection: psycopg.Connection[Any], name: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


def _bound_sessions(connection: psycopg.Connection[Any], role: sql.Identifier) -> None:
    """Sets the timeouts of a role's sessions."""
    for setting, seconds in (
        ("statement_timeout", STATEMENT_SECONDS),
        ("idle_in_transaction_session_timeout", IDLE_SECONDS),
    ):
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                role, sql.Identifier(setting), sql.Literal(f"{seconds}s")
            )
        )


def _verifier(connection: psycopg.Connection[Any], url: URL) -> str:
    """The verifier that the server stores; the password itself would appear in its statistics."""
    return connection.pgconn.encrypt_password(
        (url.password or "").encode(), (url.username or "").encode(), b"scram-sha-256"
    ).decode()


def _restrict(connection: psycopg.Connection[Any], database: str, role: sql.Identifier) -> None:
    """Allows only the service's role to connect to its database."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, role))


def database_admin_url(settings: Settings, service: Service) -> URL:
    """The administrator's URL of a service's database."""
    database = make_url(settings.database_url(service)).database
    return make_url(settings.admin_url()).set(drivername="postgresql+psycopg", database=database)


def migration_config(settings: Settings, service: Service) -> Config:
    """The alembic configuration of a service; its versions are in the service's folder."""
    folder = Path(__file__).resolve().parents[2] / service / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = database_admin_url(settings, service)
    config.attributes["owner"] = owner_role(service)
    return config


def migrate(settings: Settings, service: Service) -> None:
    """Provisions a service's database and upgrades it to the newest version.

    The upgrade is one transaction. If it cannot lock a table in time, it is rolled back and tried
    again: some migrations lock many tables, of which one may have a long transaction.
    """
    provision(settings, service)
    for attempt in range(1, LOCK_TRIES + 1):
        try:
            command.upgrade(migration_config(settings, service), "head")
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable) or attempt == LOCK_TRIES:
                raise
            log.warning("a table is locked, trying again", service=service, attempt=attempt)
            sleep(LOCK_PAUSE_SECONDS)
        else:
            break
    log.info("migrated", service=service)


def run_environment(config: Config, metadata: MetaData) -> None:
    """Runs a service's migrations, for `migrations/env.py`: one transaction, as the owner."""
    engine = create_engine(config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        _run(connection, config, metadata)
    engine.dispose()


def _run(connection: Connection, config: Config, metadata: MetaData) -> None:
    from alembic import context  # alembic's proxies exist only while an environment runs

    connection.execute(text("SELECT set_config('lock_timeout', :t, false)"), {"t": LOCK_TIMEOUT})
    connection.execute(
        text("SELECT set_config('statement_timeout', :t, false)"), {"t": STATEMENT_TIMEOUT}
    )
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text(f'SET ROLE "{config.attributes["owner"]}"'))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
