"""Notifications of the database (LISTEN), which replace polling."""

import asyncio
from collections.abc import AsyncGenerator

import psycopg
import structlog
from psycopg import sql

__all__ = ["notices"]

log = structlog.get_logger("notices")


async def notices(
    url: str, channel: str, *, every: float, application_name: str
) -> AsyncGenerator[None]:
    """Yields at each notification on a channel, and after `every` seconds without one.

    Uses a separate connection, which is reopened if it is lost; meanwhile it yields by the timer
    only. Notifications that arrive together yield once.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                url, autocommit=True, application_name=application_name, connect_timeout=5
            ) as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield  # for notifications missed while nobody listened
                while True:
                    async for _ in connection.notifies(timeout=every, stop_after=1):
                        pass
                    yield
        except psycopg.OperationalError as error:
            log.warning("not listening", channel=channel, error=str(error))
        await asyncio.sleep(every)
        yield
