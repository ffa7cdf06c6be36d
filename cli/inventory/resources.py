"""`arcadia inventory`: the mirror of the account as a file, and its history as it is written."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import grpc
import orjson
import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from arcadia.inventory.v1.resources_pb2 import ResourceEvent

from cli.caller import called_as_operator, refused
from cli.values import json_value
from services.common.settings import Service, Settings

__all__ = ["commands"]

commands = typer.Typer(
    help="The mirror of the account: as a file, and as its history is written.",
    no_args_is_help=True,
)

AGAIN_SECONDS: Final = 1.0

AGAIN: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED})
"""A server that went away, and a token that came to its end."""


@commands.command("export")
def export_resources(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; stdout without it.")
    ] = None,
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    region: Annotated[str, typer.Option(help="Only in this region.")] = "",
    status: Annotated[str, typer.Option(help="Only with this status.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of this deployment.")] = "",
    tag: Annotated[str, typer.Option(help="Only with this tag.")] = "",
    query: Annotated[str, typer.Option(help="Only whose name or id contains this.")] = "",
    deleted: Annotated[str, typer.Option(help="false, true, or any.")] = "false",
    full: Annotated[bool, typer.Option("--full", help="Also what only the kind has.")] = False,
) -> None:
    """Write the filtered inventory as CSV."""
    wanted = pb.ListResourcesRequest(
        kind=kind,
        region=region,
        status=status,
        tenant_id=tenant,
        deployment_id=deployment,
        tag=tag,
        query=query,
        deleted=deleted,
        view=pb.RESOURCE_VIEW_FULL if full else pb.RESOURCE_VIEW_BASIC,
    )
    if output is None:
        _run(lambda: _export(wanted, sys.stdout.buffer))
        return
    # Beside its place first: who finds the file finds all of it.
    unfinished = output.with_name(f"{output.name}.part")
    try:
        with unfinished.open("wb") as file:
            _run(lambda: _export(wanted, file))
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


@commands.command("watch")
def watch_events(
    after: Annotated[
        int, typer.Option(help="The last event that was seen; 0 from the first one kept.", min=0)
    ] = 0,
    kind: Annotated[str, typer.Option(help="Only of this kind of resource.")] = "",
) -> None:
    """Print each event of the history as a line of JSON, and then each new one, until Ctrl-C."""
    _run(lambda: _watch(after, kind))


async def _export(wanted: pb.ListResourcesRequest, file: BinaryIO) -> None:
    async with called_as_operator(Settings(), Service.INVENTORY) as (channel, metadata):
        request = pb.ExportResourcesRequest(filter=wanted)
        call: Any = InventoryServiceStub(channel).ExportResources(request, metadata=metadata)
        async for answer in call:
            file.write(answer.chunk)


async def _watch(after: int, kind: str) -> None:
    """Goes on from the last event that was printed whenever the stream ends."""
    while True:
        try:
            async with called_as_operator(Settings(), Service.INVENTORY) as (channel, metadata):
                request = pb.WatchResourceEventsRequest(after_event_id=after, kind=kind)
                stub = InventoryServiceStub(channel)
                call: Any = stub.WatchResourceEvents(request, metadata=metadata)
                async for answer in call:
                    for event in answer.events:
                        print(_line(event), flush=True)
                        after = event.id
        except grpc.aio.AioRpcError as error:
            if error.code() not in AGAIN:
                raise
            print(f"{error.code().name}: {error.details()}; watching again", file=sys.stderr)
        await asyncio.sleep(AGAIN_SECONDS)


def _line(event: ResourceEvent) -> str:
    return orjson.dumps(
        {
            "id": event.id,
            "occurred_at": event.occurred_at.ToDatetime(UTC),
            "type": event.type,
            "resource_id": event.resource_id,
            "changes": json_value(event.changes),
            "actor": event.actor,
            "request_id": event.request_id,
        }
    ).decode()


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs to the end; ends the program when the inventory refuses."""
    try:
        asyncio.run(work())
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
