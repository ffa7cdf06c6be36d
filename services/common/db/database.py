"""Access to a service's own database: one transaction per call.

Read and write sessions are transactions of any number of statements. A single read or write is a
transaction of one statement (single_statements.py), for the most frequent calls.

A session passes the caller's scope to PostgreSQL, where row-level security backs up the conditions
of the queries, and the request id, which appears in `pg_stat_activity` and in the server's log.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, cast
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import CursorResult, Executable, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as EnginePoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from services.common.audit.calls import current_audited_call
from services.common.audit.store.recording import record_changes
from services.common.db.cancellation import carried_through
from services.common.db.notices import notices
from services.common.db.session_limits import SESSION_OPTIONS, statement_milliseconds
from services.common.db.single_statements import (
    SingleRead,
    SingleWrite,
    failure_of,
    single_connections,
)
from services.common.errors import COMMIT_UNCERTAIN, OutcomeUnknown, Unavailable
from services.common.identity.callers import Scope
from services.common.rpc.requests import current_request_id, remaining_seconds

__all__ = ["Database", "ReadSession", "WriteSession", "uuid_array"]

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

MAX_APPLICATION_NAME: Final = 63

PING_SECONDS: Final = 5.0

CANCEL_SECONDS: Final = 5.0
"""Timeout of a request to cancel a statement."""

CLOSING_SECONDS: Final = 3.0
"""How long `close` waits for transactions, such as that of a document which is being rendered."""

POOL_SECONDS: Final = 10.0
"""How long a call waits for a connection if the pool is full."""

_ENTER: Final = (
    "SELECT set_config('arcadia.scope', %s, true), set_config('arcadia.tenant', %s, true),"
    " set_config('application_name', %s, true), set_config('statement_timeout', %s, true),"
    " set_config('arcadia.audit', %s, true)"
)


def uuid_array(ids: Iterable[UUID]) -> str:
    """Ids as the text of an array that is cast to `uuid[]`, built once for several statements.

    The driver would quote each id for each statement, in twice the time.
    """
    return f"{{{','.join(map(str, ids))}}}"


class ReadSession:
    """A read-only transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(
        self, statement: Executable, parameters: Parameters = None
    ) -> CursorResult[Any]:
        """Runs one statement and fetches all rows.

        If the caller disconnects, the statement is cancelled and the connection stays usable.
        """
        return await carried_through(
            self._connection.execute(statement, parameters), hasten=self._end_statement
        )

    async def _end_statement(self) -> None:
        raw = await self._connection.get_raw_connection()
        if isinstance(driver := raw.driver_connection, psycopg.AsyncConnection):
            await driver.cancel_safe(timeout=CANCEL_SECONDS)

    async def driver(self) -> psycopg.AsyncConnection[Any]:
        """The driver's connection within the transaction, for COPY and arrays."""
        raw = await self._connection.get_raw_connection()
        connection = raw.driver_connection
        if not isinstance(connection, psycopg.AsyncConnection):
            raise TypeError(f"the driver is {type(connection).__name__}, not psycopg")
        return connection

    async def on_driver(
        self,
        statement: str,
        values: Mapping[str, Any],
        *,
        rows: Any = tuple_row,
        binary: bool = True,
        prepare: bool | None = None,
    ) -> list[Any]:
        """Runs a statement that takes arrays on the driver's connection; its rows, if it has any.

        `rows` is the driver's row factory. With `prepare=False` a statement is planned for the
        arrays at hand: a prepared plan would expect ten rows.
        """
        driver = await self.driver()
        async with driver.cursor(binary=binary, row_factory=rows) as cursor:
            await cursor.execute(statement, values, prepare=prepare)
            return await cursor.fetchall() if cursor.description else []


class WriteSession(ReadSession):
    """A read-write transaction: commits at the end of its block, rolls back if the block raises."""

    repeatable: bool = False
    """Whether the write is idempotent, by a key or by nature."""


class Database:
    """A service's own database."""

    def __init__(self, url: str, *, application_name: str, pool_size: int = 10) -> None:
        self._application_name = application_name
        self._url = url
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": POOL_SECONDS,
            "pool_pre_ping": False,
            # An error's text would quote the values of the statement, in logs and elsewhere.
            "hide_parameters": True,
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": orjson.loads,
            "connect_args": {
                "application_name": application_name,
                "connect_timeout": 5,
                "options": SESSION_OPTIONS,
            },
        }
        driver_url = make_url(url).set(drivername="postgresql+psycopg")
        self._writing: AsyncEngine = create_async_engine(driver_url, **options)
        # The same pool: read-only is a property of the transaction, not of the connection.
        self._reading = self._writing.execution_options(
            postgresql_readonly=True, isolation_level="REPEATABLE READ"
        )
        self._single = single_connections(
            url,
            size=max(1, pool_size // 2),
            seconds=POOL_SECONDS,
            options=options["connect_args"],
        )
        # A full pool is busy, not down, so health checks use a separate connection.
        self._asking: AsyncEngine = create_async_engine(
            driver_url, **options | {"pool_size": 1, "pool_pre_ping": True}
        )

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for telemetry and for tests that count statements."""
        return self._writing

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[ReadSession]:
        """A read-only transaction that sees the rows of `scope` in one snapshot."""
        async with self._transaction(self._reading, scope) as connection:
            yield ReadSession(connection)

    @asynccontextmanager
    async def write(self, scope: Scope) -> AsyncIterator[WriteSession]:
        """A read-write transaction that sees and changes the rows of `scope`.

        If the result of COMMIT is lost, raises OutcomeUnknown, or Unavailable if the write is
        `repeatable`, because a retry is then carried out once.
        """
        call = current_audited_call()
        async with self._transaction(self._writing, scope, audited=call is not None) as connection:
            session = WriteSession(connection)
            yield session
            # With what it says, or not at all: there is no write of a person without its entry.
            recorded = call is not None and await record_changes(session, call)
            try:
                await carried_through(connection.commit())
            except DBAPIError as error:
                if not _answer_was_lost(error):
                    raise
                if session.repeatable:
                    raise Unavailable(
                        "the connection was lost during the commit: retry with the same key",
                        reason=COMMIT_UNCERTAIN,
                    ) from error
                raise OutcomeUnknown from error
            if call is not None and recorded:
                call.was_recorded()

    def single_read(self, scope: Scope) -> SingleRead:
        """A read-only transaction of one statement that sees the rows of `scope`."""
        return SingleRead(self._single, self._entering(scope))

    def single_write(self, scope: Scope) -> SingleWrite:
        """A read-write transaction of one statement in `scope`."""
        return SingleWrite(self._single, self._entering(scope))

    async def ping(self) -> bool:
        """Whether the database answers."""
        try:
            async with asyncio.timeout(PING_SECONDS), _checked_out(self._asking) as connection:
                await carried_through(connection.execute(text("SELECT 1")))
        except (SQLAlchemyError, psycopg.Error, OSError, TimeoutError):
            return False
        return True

    def notices(self, channel: str, *, every: float) -> AsyncGenerator[None]:
        """Yields at each notification on a channel, and after `every` seconds without one."""
        name = f"{self._application_name} listening"
        return notices(self._url, channel, every=every, application_name=name)

    async def close(self) -> None:
        """Closes the pools, after the transactions of background tasks; waits for these briefly."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                pool = cast("QueuePool", self._writing.pool)
                while pool.checkedout():  # noqa: ASYNC110  (a pool announces no return)
                    await asyncio.sleep(0.02)
        await self._single.close()
        await self._writing.dispose()
        await self._asking.dispose()

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, scope: Scope, *, audited: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        try:
            async with _checked_out(engine) as connection:
                entering = (*self._entering(scope), "on" if audited else "")
                await carried_through(connection.exec_driver_sql(_ENTER, entering))
                yield connection
        except (psycopg.OperationalError, EnginePoolTimeout) as error:
            # raised by a statement that the driver ran itself, or by a full pool
            raise failure_of(error) from error
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError):
                raise failure_of(error.orig) from error
            raise

    def _entering(self, scope: Scope) -> tuple[str, str, str, str]:
        """The settings of a transaction.

        Scope, tenant, application name, and statement timeout.
        """
        name = f"{self._application_name} {current_request_id()}".rstrip()
        return (
            "all" if scope.everything else "tenant",
            scope.tenant_id or "",
            name[:MAX_APPLICATION_NAME],
            statement_milliseconds(remaining_seconds()),
        )


@asynccontextmanager
async def _checked_out(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool; uncommitted work is rolled back at the end."""
    connection = engine.connect()
    try:
        await carried_through(connection.start())
        yield connection
    finally:
        if connection.sync_connection is not None:  # the connection exists and may outlive a
            # cancellation
            await carried_through(connection.close())


def _answer_was_lost(error: DBAPIError) -> bool:
    """Whether a COMMIT failed without a response, so that it may have been carried out.

    SQLSTATE class 40 and constraint violations mean that the server rolled back; a server that is
    shut down (class 57) may have committed before.
    """
    original = error.orig
    if not isinstance(original, psycopg.OperationalError):
        return False
    return not (original.sqlstate or "").startswith("40")
