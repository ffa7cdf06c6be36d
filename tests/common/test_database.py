"""One transaction per call, with its scope and request id in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import Text, column, func, select, table, text
from sqlalchemy.exc import DBAPIError

from services.common.db import database as database_module
from services.common.db import single_statements
from services.common.db.database import Database
from services.common.db.single_statements import compiled
from services.common.errors import InvalidArgument, Unavailable
from services.common.identity.callers import ALL, Scope
from services.common.rpc.requests import set_request_id
from services.common.settings import Service
from tests.support.databases import PostgresServer


@pytest.fixture
async def database(
    postgres: PostgresServer, fresh_database: Callable[[Service], str]
) -> AsyncIterator[Database]:
    """A database with one table that row-level security guards."""
    url = fresh_database(Service.BILLING)
    name = url.rsplit("/", 1)[1]
    with psycopg.connect(postgres.url(name), autocommit=True) as owner:
        owner.execute(
            """
            CREATE TABLE things (id int CONSTRAINT things_pkey PRIMARY KEY, tenant_id text);
            GRANT ALL ON things TO billing;
            ALTER TABLE things ENABLE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON things USING (
                current_setting('arcadia.scope', true) = 'all'
                OR tenant_id = nullif(current_setting('arcadia.tenant', true), ''));
            INSERT INTO things VALUES (1, 'acme'), (2, 'globex'), (3, NULL);
            """
        )
    opened = Database(url, application_name="billing", pool_size=3)
    yield opened
    await opened.close()


async def ids(database: Database, scope: Scope) -> list[int]:
    async with database.read(scope) as session:
        rows = await session.execute(text("SELECT id FROM things ORDER BY id"))
        return list(rows.scalars())


async def test_the_database_shows_a_tenant_only_its_rows_even_without_a_filter(
    database: Database,
) -> None:
    assert await ids(database, Scope("acme")) == [1]
    assert await ids(database, Scope("globex")) == [2]
    assert await ids(database, Scope("nobody")) == []
    assert await ids(database, ALL) == [1, 2, 3]


async def test_the_scope_of_one_call_does_not_reach_the_next_on_the_same_connection(
    database: Database,
) -> None:
    for _ in range(5):
        assert await ids(database, ALL) == [1, 2, 3]
        assert await ids(database, Scope("acme")) == [1]


async def test_parallel_calls_keep_their_own_scope(database: Database) -> None:
    scopes = [ALL, Scope("acme"), Scope("globex")] * 20
    answers = await asyncio.gather(*(ids(database, scope) for scope in scopes))
    assert answers == [[1, 2, 3], [1], [2]] * 20


async def test_without_a_scope_the_database_shows_nothing(
    database: Database,
) -> None:
    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT id FROM things"))
        assert list(rows.scalars()) == []


async def test_a_tenant_cannot_write_another_tenants_row(database: Database) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(Scope("acme")) as session:
            await session.execute(text("INSERT INTO things VALUES (9, 'globex')"))
    assert await ids(database, ALL) == [1, 2, 3]


async def test_a_read_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.read(ALL) as session:
            await session.execute(text("DELETE FROM things"))
    assert await ids(database, ALL) == [1, 2, 3]


async def test_a_read_session_sees_one_moment_and_a_write_session_what_others_committed(
    database: Database,
) -> None:
    count = text("SELECT count(*) FROM things")
    async with database.read(ALL) as reading, database.write(ALL) as writing:
        for session in (reading, writing):
            assert (await session.execute(count)).scalar_one() == 3
        async with database.write(ALL) as other:
            await other.execute(text("DELETE FROM things WHERE id = 3"))
        assert (await reading.execute(count)).scalar_one() == 3
        assert (await writing.execute(count)).scalar_one() == 2
    assert await ids(database, ALL) == [1, 2]


async def test_closing_waits_for_the_transaction_of_a_background_task(database: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        async with database.write(ALL) as session:
            begun.set()
            await go_on.wait()
            return int((await session.execute(text("SELECT 1"))).scalar_one())

    working = asyncio.create_task(work())
    await begun.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert working.done()
    assert working.result() == 1


async def test_a_block_that_raises_changes_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write(ALL) as session:
            await session.execute(text("DELETE FROM things"))
            raise KeyError("in mid-work")

    with pytest.raises(KeyError):
        await fail()
    assert await ids(database, ALL) == [1, 2, 3]


async def test_the_request_id_reaches_the_database(database: Database) -> None:
    set_request_id("request-42")
    async with database.read(ALL) as session:
        name = await session.execute(text("SELECT current_setting('application_name')"))
        assert name.scalar_one() == "billing request-42"
    async with database.engine.connect() as connection:
        name = await connection.execute(text("SELECT current_setting('application_name')"))
        assert name.scalar_one() == "billing"


async def test_a_cut_connection_is_unavailable_and_the_next_call_works(
    database: Database, postgres: PostgresServer
) -> None:
    async with database.read(ALL) as session:
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    with psycopg.connect(postgres.admin_url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(Unavailable):
        await ids(database, ALL)
    assert await ids(database, ALL) == [1, 2, 3]


async def test_a_full_pool_is_busy_and_not_down(database: Database) -> None:
    async with AsyncExitStack() as held:
        for _ in range(3):
            await held.enter_async_context(database.read(ALL))
        assert await database.ping()


async def test_a_call_without_a_connection_from_a_full_pool_gets_database_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "POOL_SECONDS", 0.1)
    small = Database(database._url, application_name="billing", pool_size=1)
    assert await ids_at_once(small, ALL) == [1, 2, 3]
    async with small.read(ALL), small._single.connection():
        for reading in (ids, ids_at_once):
            with pytest.raises(Unavailable) as refused:
                await reading(small, ALL)
            assert refused.value.reason == "DATABASE_BUSY"
    assert await ids(small, ALL) == await ids_at_once(small, ALL) == [1, 2, 3]
    await small.close()


async def test_the_error_of_a_statement_does_not_quote_its_values(database: Database) -> None:
    insert = text("INSERT INTO things VALUES (1, :tenant)")
    with pytest.raises(DBAPIError) as refused:
        async with database.write(ALL) as session:
            await session.execute(insert, {"tenant": "a-private-name"})
    assert "things_pkey" in str(refused.value)
    assert "a-private-name" not in str(refused.value)


async def test_a_connection_cut_under_the_drivers_own_statement_is_unavailable(
    database: Database, postgres: PostgresServer
) -> None:
    async def cut_in_mid_work() -> None:
        async with database.write(ALL) as session:
            driver = await session.driver()
            with psycopg.connect(postgres.admin_url, autocommit=True) as administrator:
                pid = driver.info.backend_pid
                administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            await driver.execute("SELECT 1")

    with pytest.raises(Unavailable):
        await cut_in_mid_work()
    assert await ids(database, ALL) == [1, 2, 3]


async def test_a_full_disk_is_reported_and_the_next_write_succeeds(database: Database) -> None:
    full = "DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$"

    async def write(*, by_the_driver: bool) -> None:
        async with database.write(ALL) as session:
            if by_the_driver:
                await (await session.driver()).execute(full)
            else:
                await session.execute(text(full))

    for by_the_driver in (False, True):
        with pytest.raises(Unavailable) as refused:
            await write(by_the_driver=by_the_driver)
        assert refused.value.reason == "DATABASE_FULL"
    async with database.write(ALL) as session:
        await session.execute(text("INSERT INTO things VALUES (4, NULL)"))
    assert await ids(database, ALL) == [1, 2, 3, 4]


async def test_a_value_too_large_for_an_index_is_refused_and_is_no_outage(
    database: Database,
) -> None:
    too_large = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'program_limit_exceeded'; END $$"

    async def write() -> None:
        async with database.write(ALL) as session:
            await session.execute(text(too_large))

    with pytest.raises(InvalidArgument) as refused:
        await write()
    assert refused.value.reason == "VALUE_TOO_LARGE"


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://x:y@127.0.0.1:1/none", application_name="x")
    assert not await database.ping()
    with pytest.raises(Unavailable):
        await ids(database, ALL)
    await database.close()


THINGS = compiled(select(column("id")).select_from(table("things")).order_by(column("id")))


async def ids_at_once(database: Database, scope: Scope) -> list[int]:
    return [row[0] for row in await database.single_read(scope).fetch(THINGS, {})]


async def test_a_single_read_sees_the_rows_of_its_scope_and_leaves_it_to_nobody(
    database: Database,
) -> None:
    for _ in range(20):
        scopes = [ALL, Scope("acme"), Scope("globex"), Scope("nobody")]
        answers = await asyncio.gather(*(ids_at_once(database, scope) for scope in scopes))
        assert answers == [[1, 2, 3], [1], [2], []]


async def test_after_a_single_read_its_connection_has_no_scope(database: Database) -> None:
    setting = func.current_setting("arcadia.scope", type_=Text)
    now = compiled(select(setting, func.current_setting("transaction_read_only", type_=Text)))
    assert await database.single_read(ALL).fetch(now, {}) == [("all", "on")]
    async with database._single.connection() as connection:
        after = await connection.execute("SELECT current_setting('arcadia.scope', true)")
        assert await after.fetchone() == ("",)
        assert await (await connection.execute("SELECT id FROM things")).fetchall() == []


async def test_a_single_read_cannot_write(database: Database) -> None:
    deleting = compiled(text("DELETE FROM things RETURNING id"))
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await database.single_read(ALL).fetch(deleting, {})
    assert await ids(database, ALL) == [1, 2, 3]


async def test_a_single_read_after_one_that_failed_works(database: Database) -> None:
    failing = compiled(text("SELECT 1 / (id - 1) FROM things"))
    for _ in range(4):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await database.single_read(ALL).fetch(failing, {})
        assert await ids_at_once(database, Scope("acme")) == [1]


async def test_a_single_read_over_a_cut_connection_is_unavailable_and_the_next_works(
    database: Database, postgres: PostgresServer
) -> None:
    pid = compiled(select(func.pg_backend_pid()))
    [(cut,)] = await database.single_read(ALL).fetch(pid, {})
    with psycopg.connect(postgres.admin_url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [cut])
    with pytest.raises(Unavailable):
        await ids_at_once(database, ALL)
    assert await ids_at_once(database, ALL) == [1, 2, 3]


async def test_a_disconnected_callers_scope_does_not_reach_the_next_call(
    database: Database,
) -> None:
    slow = compiled(text("SELECT pg_sleep(30)"))
    waiting = asyncio.create_task(database.single_read(ALL).fetch(slow, {}))
    await asyncio.sleep(0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await ids_at_once(database, Scope("globex")) == [2]


async def test_a_single_statement_may_be_larger_than_what_the_socket_holds(
    database: Database,
) -> None:
    echo = compiled(text("SELECT CAST(:said AS text), octet_length(CAST(:said AS text))"))
    said = "é" * 8_000_000
    assert await database.single_read(ALL).fetch(echo, {"said": said}) == [(said, 16_000_000)]


async def test_a_single_statement_works_the_same_prepared_or_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_statements, "MAX_PREPARED", 3)
    echo = compiled(text("SELECT :value"))
    values: list[object] = [1, "one", date(2026, 5, 20), 2**40, None, Decimal("0.10"), 1, "two"]
    read = database.single_read(Scope("acme"))
    answers = [(await read.fetch(echo, {"value": value}))[0][0] for value in values]
    assert answers == values
    assert await ids_at_once(database, Scope("acme")) == [1]
    async with database._single.connection() as connection:
        asked = await connection.execute("SELECT count(*) FROM pg_prepared_statements")
        assert await asked.fetchone() == (3,)
