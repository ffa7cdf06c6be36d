"""A month's partition is created once, however many sessions need it at the same time."""

import threading
from collections.abc import Callable
from typing import Final

import psycopg
import pytest

from services.common.settings import Service
from tests.support.databases import PostgresServer
from tests.support.waiting import until

SESSIONS: Final = 3

FUNCTIONS: Final = {
    Service.INVENTORY: ("prepare_event_months", "SELECT prepare_event_months(5)", 6),
    Service.BILLING: ("prepare_cost_month", "SELECT prepare_cost_month('2031-05-01')", 2),
    Service.ANALYTICS: (
        "prepare_month",
        "SELECT prepare_month('{usage_facts,daily_usage,resource_spans}', '2031-05-01')",
        3,
    ),
    Service.CATALOG: ("prepare_quote_month", "SELECT prepare_quote_month('2031-05-01')", 1),
}
"""Of each service: the lock's name, the call, and how many partitions are there after it."""

WAITING: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'advisory'
"""
MADE: Final = """
SELECT count(*) FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p')
WHERE c.relnamespace = 'partitions'::regnamespace AND c.relname NOT LIKE 'audit_entries_%'
"""


@pytest.mark.parametrize("service", FUNCTIONS)
def test_sessions_that_need_a_new_month_at_once_all_get_it(
    service: Service,
    fresh_database: Callable[[Service], str],
    postgres: PostgresServer,
) -> None:
    lock, call, partitions = FUNCTIONS[service]
    url = fresh_database(service)
    refused: list[psycopg.Error] = []

    def prepare() -> None:
        with psycopg.connect(url) as session:
            try:
                session.execute(call.encode())
            except psycopg.Error as error:
                refused.append(error)

    admin_url = postgres.url(url.rpartition("/")[2])
    crowd = [threading.Thread(target=prepare) for _ in range(SESSIONS)]
    with psycopg.connect(admin_url, autocommit=True) as watching:
        with psycopg.connect(admin_url) as holding:
            holding.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
            for session in crowd:
                session.start()
            # All have looked and found nothing: only then may the first of them go on.
            until(lambda: watching.execute(WAITING).fetchone() == (SESSIONS,))
        for session in crowd:
            session.join()
        assert refused == []
        assert watching.execute(MADE).fetchone() == (partitions,)
