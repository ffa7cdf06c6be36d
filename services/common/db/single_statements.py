"""Transactions of one statement in one round trip, for the most frequent calls.

The caller's scope, the statement and the end of the transaction are sent at once, with one wait for
the results. The driver's pipeline mode waits several times, which is half of the cost of a list
page. Values use PostgreSQL's binary format, which is faster than text on both sides.
"""

import itertools
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import orjson
import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import set_json_loads
from psycopg.waiting import Ready, Wait
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import TimeoutError as EnginePoolTimeout
from sqlalchemy.sql.compiler import SQLCompiler

from services.common.errors import ArcadiaError, InvalidArgument, Unavailable

__all__ = [
    "Compiled",
    "SingleConnection",
    "SingleRead",
    "SingleWrite",
    "compiled",
    "failure_of",
    "single_connections",
]

_DIALECT: Final = cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar")

MAX_PREPARED: Final = 200
"""Maximum prepared statements per connection; further ones are parsed at every call."""

FATAL_ERROR: Final = pq.ExecStatus.FATAL_ERROR
PIPELINE_ABORTED: Final = pq.ExecStatus.PIPELINE_ABORTED

_Key = tuple[bytes, tuple[int, ...]]
"""A statement with the types of its values, prepared once."""

SinglePool = AsyncConnectionPool["SingleConnection"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement in the server's form: `$1` is the first of `names`."""

    sql: bytes
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    """Values that are the same in every call."""


def compiled(statement: ClauseElement) -> Compiled:
    """A statement that runs alone, built once; its parameters keep their names."""
    made = cast("SQLCompiler", statement.compile(dialect=_DIALECT))
    constants = {name: value for name, value in made.params.items() if value is not None}
    return Compiled(str(made).encode(), tuple(made.positiontup or ()), constants)


_ENTER: Final = (
    b"SELECT set_config('arcadia.scope', $1, true), set_config('arcadia.tenant', $2, true),"
    b" set_config('application_name', $3, true), set_config('statement_timeout', $4, true)"
)
_ENTER_READING: Final = _ENTER + b", set_config('transaction_read_only', 'on', true)"


class SingleConnection(psycopg.AsyncConnection[Any]):
    """A connection without an open transaction, used by one caller at a time."""

    def __init__(self, pgconn: pq.abc.PGconn, *arguments: Any) -> None:
        super().__init__(pgconn, *arguments)
        set_json_loads(orjson.loads, self)
        self._statements: dict[_Key, bytes] = {}
        self._names = itertools.count()

    async def run(
        self, enter: bytes, entering: Sequence[str], statement: bytes, values: Sequence[Any]
    ) -> list[Any]:
        """Runs a statement in a transaction that begins with `enter`; returns the rows as tuples.

        It is committed when this returns, and rolled back if this raises an error of the server.
        """
        adapting = Transformer(self)
        dumped = adapting.dump_sequence(values, [PyFormat.AUTO] * len(values))
        key = (statement, tuple(adapting.types or ()))
        self.pgconn.enter_pipeline_mode()
        try:
            # Everything sent until the end of the pipeline is one transaction: the first
            # statement sets the scope for the second.
            preparing = [
                *self._send((enter, ()), [value.encode() for value in entering], None),
                *self._send(key, dumped, adapting.formats),
            ]
            self.pgconn.pipeline_sync()
            results = await self.wait(_results(self.pgconn))
        finally:
            self._leave_pipeline()
        for prepared, result in zip(preparing, results, strict=True):
            if result.status in (FATAL_ERROR, PIPELINE_ABORTED):
                raise psycopg.errors.error_from_result(result)
            if prepared is not None:
                self._statements.setdefault(*prepared)
        adapting.set_pgresult(results[-1])
        return adapting.load_rows(0, results[-1].ntuples, tuple)

    def _send(
        self, key: _Key, values: Sequence[Any], formats: Sequence[int] | None
    ) -> list[tuple[_Key, bytes] | None]:
        """Sends a statement; returns, per expected result, what is prepared by then."""
        name = self._statements.get(key)
        if name is not None:
            self.pgconn.send_query_prepared(name, values, formats, pq.Format.BINARY)
            return [None]
        sql, types = key
        if len(self._statements) >= MAX_PREPARED:
            self.pgconn.send_query_params(sql, values, types, formats, pq.Format.BINARY)
            return [None]
        name = b"single_%d" % next(self._names)
        self.pgconn.send_prepare(name, sql, types)
        self.pgconn.send_query_prepared(name, values, formats, pq.Format.BINARY)
        return [(key, name), None]

    def _leave_pipeline(self) -> None:
        try:
            self.pgconn.exit_pipeline_mode()
        except psycopg.OperationalError:  # it was interrupted: the pool replaces it
            self.pgconn.finish()


def _results(pgconn: pq.abc.PGconn) -> Generator[Wait, Ready | int, list[pq.abc.PGresult]]:
    """Reads all results; the driver runs this generator and waits for what it yields."""
    while pgconn.flush():
        ready = yield Wait.RW
        if ready and ready & Ready.R:  # None if the driver continues after a cancellation
            pgconn.consume_input()
    results: list[pq.abc.PGresult] = []
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # separates the results of two statements
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


class SingleRead:
    """A read-only transaction of one statement."""

    _enter: ClassVar[bytes] = _ENTER_READING

    def __init__(self, pool: SinglePool, entering: Sequence[str]) -> None:
        self._pool = pool
        self._entering = entering

    async def fetch(self, statement: Compiled, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows of a statement, as tuples."""
        given = {**statement.constants, **parameters}
        values = [given[name] for name in statement.names]
        try:
            if self._pool.closed:
                await self._pool.open()
            # Not as a context manager, which would commit although nothing is open.
            connection = await self._pool.getconn()
            try:
                return await connection.run(self._enter, self._entering, statement.sql, values)
            finally:
                await self._pool.putconn(connection)
        except psycopg.OperationalError as error:
            raise failure_of(error) from error


class SingleWrite(SingleRead):
    """A read-write transaction of one statement, committed when its rows are returned."""

    _enter: ClassVar[bytes] = _ENTER


def single_connections(
    url: str, *, size: int, seconds: float, options: Mapping[str, Any]
) -> SinglePool:
    """A pool of at most `size` connections, opened on first use.

    `seconds` is how long a caller waits if the pool is full.
    """
    return AsyncConnectionPool(
        url,
        connection_class=SingleConnection,
        min_size=1,
        max_size=size,
        open=False,
        timeout=seconds,
        kwargs={"autocommit": True, **options},
    )


def failure_of(error: BaseException | None) -> ArcadiaError:
    """The error of a failed statement, or of a wait for a connection, which wrote nothing.

    A retry may succeed, except for a value that is too large for an index.
    """
    if isinstance(error, PoolTimeout | EnginePoolTimeout):
        return Unavailable("too many calls are waiting for the database", reason="DATABASE_BUSY")
    if isinstance(error, psycopg.errors.ProgramLimitExceeded):
        return InvalidArgument("request", "has a value that is too large", reason="VALUE_TOO_LARGE")
    if isinstance(error, psycopg.errors.DiskFull):
        return Unavailable("the database has no space left", reason="DATABASE_FULL")
    return Unavailable("the database is not available", reason="DATABASE_DOWN")
