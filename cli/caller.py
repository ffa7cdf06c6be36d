"""How the command line calls a service: as an operator, with a token of its own making."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import grpc
import typer
from rich.console import Console

from services.common.rpc.access import OPERATOR_ROLE, mint_user_token
from services.common.settings import Service, Settings

__all__ = ["Metadata", "ask_as_operator", "called_as_operator", "operator_metadata", "refused"]

TOKEN_SECONDS = 300
UNCONNECTED = "failed to connect to all addresses"
"""How gRPC's details begin when nothing listens at the address."""

Metadata = tuple[tuple[str, str], ...]
Answer = TypeVar("Answer")


@asynccontextmanager
async def called_as_operator(
    settings: Settings, service: Service
) -> AsyncIterator[tuple[grpc.aio.Channel, Metadata]]:
    """A channel to a service and the metadata of an operator, good for five minutes.

    While developing only: raises BadParameter in production, where tokens are issued
    elsewhere.
    """
    metadata = operator_metadata(settings)
    async with grpc.aio.insecure_channel(settings.address(service)) as channel:
        yield channel, metadata


def ask_as_operator(
    service: Service, ask: Callable[[grpc.aio.Channel, Metadata], Awaitable[Answer]]
) -> Answer:
    """What a service answers to an operator; ends the program when it refuses."""

    async def run() -> Answer:
        async with called_as_operator(Settings(), service) as (channel, metadata):
            return await ask(channel, metadata)

    try:
        return asyncio.run(run())
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None


def operator_metadata(settings: Settings) -> Metadata:
    """The metadata of an operator with a token of its own, good for five minutes.

    What calls for longer than that makes one for each call. Raises BadParameter in production.
    """
    if settings.env == "production":
        raise typer.BadParameter("tokens are issued elsewhere in production; use the HTTP API")
    token = mint_user_token(
        settings, subject="developer", roles=[OPERATOR_ROLE], lifetime_seconds=TOKEN_SECONDS
    )
    return (("authorization", f"Bearer {token}"),)


def refused(error: grpc.aio.AioRpcError) -> typer.Exit:
    """Says on stderr why a service did not do it; what is returned ends the program with 1.

    When nothing listens there, what the operator can do about it takes the place of gRPC's words.
    """
    details = error.details() or ""
    if error.code() is grpc.StatusCode.UNAVAILABLE and UNCONNECTED in details:
        said = (
            "The service does not answer: is the stack up? `arcadia status` tells, and"
            " `make up` starts it (with the same ARCADIA_PORT_OFFSET, if any)."
        )
    else:
        said = f"{error.code().name}: {details}"
    Console(stderr=True).print(said, markup=False, soft_wrap=True)
    return typer.Exit(1)
