"""The migrations make the tables that the code declares, on an empty database."""

from alembic import command

from services.common.migrations import migrate, migration_config
from services.common.settings import Service
from tests.support.databases import PostgresServer


def test_the_migrated_database_is_what_the_models_say(postgres: PostgresServer) -> None:
    name = postgres.create(Service.CATALOG)
    settings = postgres.settings({Service.CATALOG: name})
    command.check(migration_config(settings, Service.CATALOG))
    migrate(settings, Service.CATALOG)
    command.check(migration_config(settings, Service.CATALOG))
    postgres.drop(name)
