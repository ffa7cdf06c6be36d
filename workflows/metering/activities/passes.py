"""Passes that go page by page through a service: heartbeated, resumed, begun anew."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, Protocol, TypeVar

import grpc

from workflows.durable.errors import reason_of_refusal
from workflows.durable.heartbeats import beating, reached_before
from workflows.metering.payloads import PassCursor

__all__ = ["Overtaken", "through"]

MAX_RESTARTS: Final = 5


class Page(Protocol):
    """The answer to a page."""

    @property
    def next_page_token(self) -> str:
        """Empty on the last."""


Answer = TypeVar("Answer", bound=Page)


class Overtaken(Exception):
    """A younger pass over the same subject ended first: there is nothing left to do."""


async def through(
    pass_key: str,
    ask: Callable[[str, str], Awaitable[Answer]],
    counts_of: Callable[[Answer], tuple[int, ...]],
    *,
    start: PassCursor | None = None,
) -> tuple[PassCursor, Answer]:
    """Asks for page after page; the sums, the last page.

    From `start`, else from wherever an earlier attempt stood.

    `ask` gets the pass key and the page token. What changed while it was read is begun anew,
    under a key of its own. Raises Overtaken.
    """
    cursor = start or reached_before(PassCursor) or PassCursor()
    async with beating(lambda: cursor):
        while True:
            key = f"{pass_key}/{cursor.restarts}" if cursor.restarts else pass_key
            try:
                answer = await ask(key, cursor.page_token)
            except grpc.aio.AioRpcError as error:
                cursor = _begun_anew(cursor, error)
                continue
            added = counts_of(answer)
            so_far = cursor.counts or (0,) * len(added)
            sums = tuple(a + b for a, b in zip(so_far, added, strict=True))
            cursor = replace(cursor, page_token=answer.next_page_token, counts=sums)
            if not cursor.page_token:
                return cursor, answer


def _begun_anew(cursor: PassCursor, error: grpc.aio.AioRpcError) -> PassCursor:
    if error.code() is not grpc.StatusCode.ABORTED or cursor.restarts >= MAX_RESTARTS:
        raise error
    if reason_of_refusal(error) == "PASS_SUPERSEDED":
        raise Overtaken from error
    return PassCursor(restarts=cursor.restarts + 1)
