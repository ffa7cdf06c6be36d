"""How the command line calls a service: as an operator, with a token of its own making."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import typer

from services.common.access import OPERATOR_ROLE, mint_user_token
from services.common.settings import Service, Settings

__all__ = ["Metadata", "called_as_operator"]

TOKEN_SECONDS = 300

Metadata = tuple[tuple[str, str], ...]


@asynccontextmanager
async def called_as_operator(
    settings: Settings, service: Service
) -> AsyncIterator[tuple[grpc.aio.Channel, Metadata]]:
    """A channel to a service and the metadata of an operator, good for five minutes.

    While developing only: raises BadParameter in production, where tokens are issued
    elsewhere.
    """
    if settings.env == "production":
        raise typer.BadParameter("tokens are issued elsewhere in production; use the HTTP API")
    token = mint_user_token(
        settings, subject="developer", roles=[OPERATOR_ROLE], lifetime_seconds=TOKEN_SECONDS
    )
    async with grpc.aio.insecure_channel(settings.address(service)) as channel:
        yield channel, (("authorization", f"Bearer {token}"),)
