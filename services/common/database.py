"""The way to a service's own database: one pool, one transaction a call, two kinds of session.

A session carries the caller's scope into PostgreSQL, where row-level security is the
second wall behind the queries, and the request id, which shows in `pg_stat_activity`
and in the server's log.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy import CursorResult, Executable, NullPool, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.common.access import Scope
from services.common.errors import Unavailable
from services.common.requests import current_request_id

__all__ = ["Database", "ReadSession", "WriteSession", "violated_constraint"]

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

LONGEST_APPLICATION_NAME: Final = 63

PING_SECONDS: Final = 5.0

_ENTER: Final = text(
    "SELECT set_config('arcadia.scope', :scope, true), set_config('arcadia.tenant', :tenant, true),"
    " set_config('application_name', :application_name, true)"
)


class ReadSession:
    """A read-only transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(
        self, statement: Executable, parameters: Parameters = None
    ) -> CursorResult[Any]:
        """Runs one statement; the rows are fetched already."""
        return await self._connection.execute(statement, parameters)


class WriteSession(ReadSession):
    """A read-write transaction; commits when its block ends, rolls back when it raises."""

    async def driver(self) -> psycopg.AsyncConnection[Any]:
        """The driver's own connection, inside the same transaction: for COPY and arrays."""
        raw = await self._connection.get_raw_connection()
        connection = raw.driver_connection
        if not isinstance(connection, psycopg.AsyncConnection):
            raise TypeError(f"the driver is {type(connection).__name__}, not psycopg")
        return connection


class Database:
    """A service's own database."""

    def __init__(self, url: str, *, application_name: str, pool_size: int = 10) -> None:
        self._application_name = application_name
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": 10,
            "pool_pre_ping": False,
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": orjson.loads,
            "connect_args": {"application_name": application_name, "connect_timeout": 5},
        }
        driver_url = make_url(url).set(drivername="postgresql+psycopg")
        self._writing: AsyncEngine = create_async_engine(driver_url, **options)
        # The same pool: reading is a property of the transaction, not of the connection.
        self._reading = self._writing.execution_options(postgresql_readonly=True)
        # A full pool is busy, not down: health asks on a connection of its own.
        self._asking: AsyncEngine = create_async_engine(
            driver_url, poolclass=NullPool, connect_args=options["connect_args"]
        )

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for what watches it: tests that count statements, and telemetry."""
        return self._writing

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[ReadSession]:
        """A read-only transaction that sees the rows of `scope`."""
        async with self._transaction(self._reading, scope) as connection:
            yield ReadSession(connection)

    @asynccontextmanager
    async def write(self, scope: Scope) -> AsyncIterator[WriteSession]:
        """A read-write transaction that sees and changes the rows of `scope`."""
        async with self._transaction(self._writing, scope) as connection:
            yield WriteSession(connection)

    async def ping(self) -> bool:
        """Whether the database answers."""
        try:
            async with asyncio.timeout(PING_SECONDS), self._asking.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (DBAPIError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Closes the pool."""
        await self._writing.dispose()

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, scope: Scope
    ) -> AsyncIterator[AsyncConnection]:
        name = f"{self._application_name} {current_request_id()}".rstrip()
        try:
            async with engine.begin() as connection:
                await connection.execute(
                    _ENTER,
                    {
                        "scope": "all" if scope.everything else "tenant",
                        "tenant": scope.tenant_id or "",
                        "application_name": name[:LONGEST_APPLICATION_NAME],
                    },
                )
                yield connection
        except psycopg.OperationalError as error:  # of a statement that the driver ran itself
            raise Unavailable("the database is not available", reason="DATABASE_DOWN") from error
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError):
                raise Unavailable(
                    "the database is not available", reason="DATABASE_DOWN"
                ) from error
            raise


def violated_constraint(error: DBAPIError) -> str | None:
    """The name of the constraint that a statement violated; None when it failed otherwise."""
    original = error.orig
    return original.diag.constraint_name if isinstance(original, psycopg.Error) else None
