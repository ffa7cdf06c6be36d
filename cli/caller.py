"""Calls services with `ARCADIA_TOKEN`, a token or an API key.

Without it, in development, calls as an operator with a token that the command line mints.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc
import typer
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from cli.output import say
from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings

__all__ = [
    "answers",
    "call",
    "called_with_token",
    "method_of",
    "pages",
    "run",
    "save_document",
    "send",
    "stream",
]

TOKEN_SECONDS: Final = 300
MAX_PAGE_SIZE: Final = 500
UNCONNECTED: Final = "failed to connect to all addresses"
"""Prefix of gRPC's error details if nothing listens at the address."""

Metadata = tuple[tuple[str, str], ...]
Answer = TypeVar("Answer")


def call(request: Message, seconds: float | None = None) -> Any:
    """Sends a request like `send`; exits if the service returns an error."""
    return run(send(request, seconds))


def answers(request: Message, seconds: float | None = None) -> Iterator[Any]:
    """Yields the responses of a list page by page, because all may be larger than memory."""
    listing: Any = request
    listing.page_size = listing.page_size or MAX_PAGE_SIZE
    while True:
        answer = call(listing, seconds)
        yield answer
        if not answer.next_page_token:
            return
        listing.page_token = answer.next_page_token


def pages(request: Message, field: str) -> list[Any]:
    """The rows of all pages of a list; `field` is the repeated field of the response."""
    return [row for answer in answers(request) for row in getattr(answer, field)]


async def send(request: Message, seconds: float | None = None) -> Any:
    """Sends a request to the method with this request type, and returns the response.

    A write gets a request id. Raises AioRpcError if the service returns an error.
    """
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # checked above
    async with method_of(request) as (method, metadata):
        return await method(request, metadata=metadata, timeout=seconds)


async def stream(request: Message) -> AsyncIterator[Any]:
    """Yields the responses of a streaming method. Raises AioRpcError like `send`."""
    async with method_of(request) as (method, metadata):
        async for answer in method(request, metadata=metadata, timeout=None):
            yield answer


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs to completion; exits if a service returns an error, and quietly on Ctrl-C."""
    try:
        return asyncio.run(work)
    except grpc.aio.AioRpcError as error:
        say(_refusal(error), error=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@asynccontextmanager
async def called_with_token(
    settings: Settings, service: Service
) -> AsyncIterator[tuple[grpc.aio.Channel, Metadata]]:
    """A channel to a service, and the metadata with the configured token.

    Without one, in development, with an operator's token for five minutes. Raises BadParameter in
    production, where tokens are issued elsewhere.
    """
    token = settings.token.get_secret_value()
    if not token and settings.env == "production":
        raise typer.BadParameter("set ARCADIA_TOKEN to an API key or a token")
    token = token or mint_user_token(
        settings, subject="developer", roles=[OPERATOR_ROLE], lifetime_seconds=TOKEN_SECONDS
    )
    async with grpc.aio.insecure_channel(settings.address(service)) as channel:
        yield channel, (("authorization", f"Bearer {token}"),)


@asynccontextmanager
async def method_of(request: Message) -> AsyncIterator[tuple[Any, Metadata]]:
    """The method with this request type, by its descriptor, and the metadata to send.

    A request type belongs to one method (checked by `buf lint`), in the package of its service,
    `arcadia.<service>.v1`; types of other packages belong to every service.
    """
    method = next(
        method
        for service in request.DESCRIPTOR.file.services_by_name.values()
        for method in service.methods
        if method.input_type == request.DESCRIPTOR
    )
    # Protobuf's stubs do not say that upb's descriptors are descriptors.
    answer = GetMessageClass(method.output_type)  # type: ignore[arg-type]
    owner = request.DESCRIPTOR.file.package.split(".")[1]
    service = Service.CATALOG if owner == "common" else Service(owner)
    async with called_with_token(Settings(), service) as (channel, metadata):
        kind = channel.unary_stream if method.server_streaming else channel.unary_unary
        yield (
            kind(
                f"/{method.containing_service.full_name}/{method.name}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=answer.FromString,
            ),
            metadata,
        )


def _refusal(error: grpc.aio.AioRpcError) -> str:
    """The text of a service's error, or what to do if nothing listens at its address."""
    details = error.details() or ""
    if error.code() is grpc.StatusCode.UNAVAILABLE and UNCONNECTED in details:
        return (
            "The service does not respond. `arcadia status` shows the stack,"
            " `make up` starts it (with the same ARCADIA_PORT_OFFSET, if any)."
        )
    return f"{error.code().name}: {details}"


DOCUMENT_SECONDS: Final = 60.0
FILE_NAME: Final = re.compile(r'filename="([A-Za-z0-9_-][A-Za-z0-9._-]*)"')


def save_document(request: Any, output: Path | None) -> None:
    """Writes a document to `output`, or to a file with its own name in the current folder.

    Exits if the service returns an error.
    """
    data, disposition = run(_download(request))
    named = FILE_NAME.search(disposition)
    path = output or Path(named[1] if named else f"{request.id}.{request.format}")
    path.write_bytes(data)
    say(f"{path} ({len(data):,} bytes)")


async def _download(request: Any) -> tuple[bytes, str]:
    """The document and the header with its file name."""
    async with method_of(request) as (download, metadata):
        answer = download(request, metadata=metadata, timeout=DOCUMENT_SECONDS)
        headers = dict(await answer.initial_metadata())
        return (await answer).data, str(headers.get("content-disposition", ""))
