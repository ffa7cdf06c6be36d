"""What the database announces, for those who would otherwise ask it again and again."""

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
    """Yields at each announcement on a channel, and after `every` seconds without one.

    On a connection of its own, which is made again when it is lost; meanwhile it yields by
    the clock alone. Announcements that came together yield once.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                url, autocommit=True, application_name=application_name, connect_timeout=5
            ) as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield  # for what was announced while nobody listened
                while True:
                    async for _ in connection.notifies(timeout=every, stop_after=1):
                        pass
                    yield
        except psycopg.OperationalError as error:
            log.warning("not listening", channel=channel, error=str(error))
        await asyncio.sleep(every)
        yield
