"""The partitions of the audit log are there before their month begins."""

from collections.abc import Callable

import psycopg
import pytest

from services.common.audit.months import prepare_months
from services.common.db.database import Database
from services.common.errors import Unavailable
from services.common.settings import Service
from tests.support.databases import PostgresServer

MONTHS = """
SELECT to_char(now() AT TIME ZONE 'UTC' + n * interval '1 month', '"audit_entries_"YYYY_MM')
FROM generate_series(0, 2) AS n
"""
MADE = "SELECT relname FROM pg_class WHERE relname ~ '^audit_entries_[0-9]{4}_[0-9]{2}$'"


@pytest.mark.parametrize("service", Service)
async def test_this_month_and_the_next_two_are_prepared_by_the_migration_and_by_the_service(
    service: Service, fresh_database: Callable[[Service], str], postgres: PostgresServer
) -> None:
    url = fresh_database(service)
    with psycopg.connect(postgres.url(url.rpartition("/")[2]), autocommit=True) as owner:
        months = {name for (name,) in owner.execute(MONTHS)}
        assert months <= {name for (name,) in owner.execute(MADE)}
        for name in months:
            owner.execute(f"DROP TABLE partitions.{name}".encode())
        database = Database(url, application_name=service)
        for _ in range(2):
            await prepare_months(database)
        await database.close()
        assert months <= {name for (name,) in owner.execute(MADE)}


async def test_a_service_that_waits_for_the_log_gives_up_soon_and_tries_again_later(
    fresh_database: Callable[[Service], str], postgres: PostgresServer
) -> None:
    url = fresh_database(Service.CATALOG)
    database = Database(url, application_name="catalog")
    with psycopg.connect(postgres.url(url.rpartition("/")[2])) as writing:
        for (name,) in writing.execute(MONTHS).fetchall():
            writing.execute(f"DROP TABLE partitions.{name}".encode())
        writing.commit()
        writing.execute("LOCK TABLE audit_entries IN ROW EXCLUSIVE MODE")
        with pytest.raises(Unavailable):
            await prepare_months(database)
    await prepare_months(database)
    await database.close()
