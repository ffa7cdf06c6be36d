"""`arcadia inventory`: exports the inventory, watches its events and assigns owners."""

import asyncio
import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import grpc
import orjson
import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.resources_pb2 import ResourceEvent

from cli.caller import call, run, stream
from cli.options import command_group
from cli.output import json_value, say

__all__ = ["assign_resource", "commands"]

commands = command_group("Export the inventory and watch its events.")

RETRY_SECONDS: Final = 1.0

RETRIED: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED})
"""Errors after which watching resumes: an unavailable server and an expired token."""


@commands.command("export")
def export_resources(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; by default standard output.")
    ] = None,
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    region: Annotated[str, typer.Option(help="Only in this region.")] = "",
    status: Annotated[str, typer.Option(help="Only with this status.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of this deployment.")] = "",
    tag: Annotated[str, typer.Option(help="Only with this tag.")] = "",
    query: Annotated[str, typer.Option(help="Only whose name or id contains this.")] = "",
    deleted: Annotated[str, typer.Option(help="false, true, or any.")] = "false",
    full: Annotated[
        bool, typer.Option("--full", help="Include the attributes of the kind.")
    ] = False,
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
        run(_export(wanted, sys.stdout.buffer))
        return
    # Write to a temporary file first, so that the file is always complete.
    unfinished = output.with_name(f"{output.name}.part")
    try:
        with unfinished.open("wb") as file:
            run(_export(wanted, file))
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


@commands.command("watch")
def watch_events(
    after: Annotated[
        int, typer.Option(help="The last event seen; 0 to begin with the first stored one.", min=0)
    ] = 0,
    kind: Annotated[str, typer.Option(help="Only of this kind of resource.")] = "",
) -> None:
    """Print each event as a line of JSON, then new ones until Ctrl-C."""
    run(_watch(after, kind))


async def _export(wanted: pb.ListResourcesRequest, file: BinaryIO) -> None:
    async for answer in stream(pb.ExportResourcesRequest(filter=wanted)):
        file.write(answer.chunk)


async def _watch(after: int, kind: str) -> None:
    """Resumes from the last printed event whenever the stream ends."""
    while True:
        try:
            request = pb.WatchResourceEventsRequest(after_event_id=after, kind=kind)
            async for answer in stream(request):
                for event in answer.events:
                    print(_line(event), flush=True)
                    after = event.id
        except grpc.aio.AioRpcError as error:
            if error.code() not in RETRIED:
                raise
            print(f"{error.code().name}: {error.details()}; resuming", file=sys.stderr)
        await asyncio.sleep(RETRY_SECONDS)


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


def assign_resource(
    resource_id: Annotated[str, typer.Argument(help="The resource's id.")],
    deployment: Annotated[str, typer.Option(help="Assign to this deployment and its tenant.")] = "",
    tenant: Annotated[str, typer.Option(help="Assign to this tenant.")] = "",
    nobody: Annotated[
        bool, typer.Option("--nobody", help="Assign to nobody, overriding tags.")
    ] = False,
    by_rules: Annotated[
        bool, typer.Option("--by-rules", help="Remove the assignment: tags and project decide.")
    ] = False,
    reason: Annotated[str, typer.Option(help="The reason, stored in the history.")] = "",
) -> None:
    """Assign a resource to a deployment, a tenant or nobody, or remove the assignment."""
    if sum((bool(deployment or tenant), nobody, by_rules)) != 1:
        raise typer.BadParameter("give --deployment, --tenant, --nobody or --by-rules")
    request = pb.AssignResourceRequest(
        id=resource_id,
        deployment_id=deployment,
        tenant_id=tenant,
        by_rules=by_rules,
        nobody=nobody,
        reason=reason,
    )
    resource = call(request).resource
    owner = " of ".join(part for part in (resource.deployment_id, resource.tenant_id) if part)
    name = resource.name or resource.provider_id
    say(f"{resource.kind} {name} is assigned to {owner or 'nobody'}")
