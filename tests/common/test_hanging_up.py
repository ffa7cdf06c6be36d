"""Disconnected callers: their work ends, and its connection serves the next one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import Text, func, select, text

from services.common.db.database import Database
from services.common.db.single_statements import compiled
from services.common.errors import Unavailable
from services.common.identity.callers import ALL
from services.common.rpc.requests import set_deadline
from services.common.settings import Service
from tests.support.databases import PostgresServer
from tests.support.waiting import tries

SIZE = 3
SLEEP = text("SELECT pg_sleep(600)")
PID = compiled(select(func.pg_backend_pid()))


@pytest.fixture
def url(fresh_database: Callable[[Service], str]) -> str:
    return fresh_database(Service.BILLING)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url, application_name="billing", pool_size=SIZE)
    yield opened
    await opened.close()


class Watching:
    """What the server knows of the sessions of a database."""

    def __init__(self, postgres: PostgresServer, url: str) -> None:
        self._admin = postgres.admin_url
        self._database = url.rpartition("/")[2]

    async def sessions(self, condition: str = "true") -> set[int]:
        async with await psycopg.AsyncConnection.connect(self._admin) as connection:
            rows = await connection.execute(
                f"SELECT pid FROM pg_stat_activity WHERE datname = %s AND {condition}",
                [self._database],
            )
            return {pid for (pid,) in await rows.fetchall()}

    async def asleep(self, count: int) -> None:
        """Waits until so many sessions are in the long statement."""
        for _ in tries():
            if (
                len(await self.sessions("state = 'active' AND query LIKE '%%pg_sleep(600)%%'"))
                == count
            ):
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def watching(postgres: PostgresServer, url: str) -> Watching:
    return Watching(postgres, url)


async def read_long(database: Database) -> None:
    async with database.read(ALL) as session:
        await session.execute(SLEEP)


async def write_long(database: Database) -> None:
    async with database.write(ALL) as session:
        await session.execute(SLEEP)


async def drive_long(database: Database) -> None:
    async with database.write(ALL) as session:
        await (await session.driver()).execute("SELECT pg_sleep(600)")


async def fetch_long(database: Database) -> None:
    await database.single_read(ALL).fetch(compiled(SLEEP), {})


async def hang_up(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}


@pytest.mark.parametrize("work", [read_long, write_long, drive_long, fetch_long])
async def test_a_disconnected_caller_does_not_leak_a_connection(
    database: Database, watching: Watching, work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    count = 1 if work is fetch_long else SIZE
    for _ in range(3):
        tasks = [asyncio.create_task(work(database)) for _ in range(count)]
        await watching.asleep(count)
        before = await watching.sessions()
        await hang_up(*tasks)
        assert await watching.sessions() == before
        assert await watching.sessions("(state = 'active' OR state LIKE 'idle in%%')") == set()


async def test_a_caller_that_disconnects_during_connecting_leaks_no_connection(
    url: str, watching: Watching
) -> None:
    """At every step of the way there: the loop is let go a little further each time."""
    for turns in range(60):
        database = Database(url, application_name="billing", pool_size=SIZE)
        tasks = [asyncio.create_task(read_long(database)) for _ in range(SIZE)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.sleep(turns / 10_000)
        await hang_up(*tasks)
        with suppress(TimeoutError):
            await database.close()
        for _ in tries(within=5):
            if not (left := await watching.sessions()):
                break
            await asyncio.sleep(0.05)
        assert left == set()


async def test_a_pool_is_complete_after_any_number_of_disconnects(
    database: Database, watching: Watching
) -> None:
    for turns in range(40):
        tasks = [asyncio.create_task(write_long(database)) for _ in range(2 * SIZE)]
        await asyncio.sleep(turns / 5_000)
        await hang_up(*tasks)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for _ in range(SIZE):
            group.create_task(ask(database))
    assert len(await watching.sessions()) <= SIZE


async def ask(database: Database) -> None:
    async with database.read(ALL) as session:
        await session.execute(text("SELECT 1"))


async def settings_of(database: Database, name: str) -> set[str]:
    """A setting in each kind of transaction."""
    shown = compiled(select(func.current_setting(name, type_=Text)))
    [(single,)] = await database.single_read(ALL).fetch(shown, {})
    async with database.read(ALL) as session:
        longer = (await session.execute(select(func.current_setting(name)))).scalar_one()
    return {single, longer}


async def test_a_statement_does_not_outlive_the_call_that_it_is_for(database: Database) -> None:
    assert await settings_of(database, "statement_timeout") == {"1min"}
    set_deadline(20)
    for value in await settings_of(database, "statement_timeout"):
        assert milliseconds(value) <= 21_000
    set_deadline(3600)  # bulk work of a worker, which waits for it
    for value in await settings_of(database, "statement_timeout"):
        assert milliseconds(value) > 3_000_000
    set_deadline(0.1)
    with pytest.raises(Unavailable):
        await read_long(database)


def milliseconds(value: str) -> int:
    for unit, factor in (("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)):
        if value.removesuffix(unit).isdecimal():
            return int(value.removesuffix(unit)) * factor
    raise AssertionError(value)


async def test_a_transaction_that_does_nothing_is_ended(database: Database) -> None:
    assert await settings_of(database, "idle_in_transaction_session_timeout") == {"5min"}


@pytest.mark.parametrize("service", list(Service))
def test_every_role_has_the_limits_whoever_connects_with_it(
    fresh_database: Callable[[Service], str], service: Service
) -> None:
    with psycopg.connect(fresh_database(service)) as connection:
        for name, value in (
            ("statement_timeout", "1min"),
            ("idle_in_transaction_session_timeout", "5min"),
        ):
            shown = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            assert shown == (value,)
