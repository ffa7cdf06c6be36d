"""`arcadia sweeps`: how sweeps ended, what they could not read, and what to do about it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, Final

import grpc
import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from arcadia.inventory.v1.resources_pb2 import Sweep
from rich.console import Console
from rich.text import Text

from cli.caller import Metadata, called_as_operator, refused
from services.common.settings import Service, Settings

if TYPE_CHECKING:
    from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="How sweeps ended, and what to do about one that is halted, frozen or incomplete.",
    no_args_is_help=True,
)

STYLES: Final = {
    "completed": "green",
    "partial": "yellow",
    "frozen": "yellow",
    "halted": "yellow",
    "running": "dim",
}

Ask = Callable[["InventoryServiceAsyncStub", Metadata], Awaitable[Any]]


@commands.command("list")
def list_sweeps(
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    outcome: Annotated[
        str, typer.Option(help="Only so ended: partial, halted, frozen, failed, …")
    ] = "",
    count: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 20,
) -> None:
    """List sweeps, newest first."""

    async def ask(stub: "InventoryServiceAsyncStub", metadata: Metadata) -> list[Sweep]:
        request = pb.ListSweepsRequest(kind=kind, outcome=outcome, page_size=count)
        return list((await stub.ListSweeps(request, metadata=metadata)).sweeps)

    console = Console()
    sweeps = _asked(ask)
    for sweep in sweeps:
        console.print(_line(sweep), soft_wrap=True)
    if not sweeps:
        console.print("There are no such sweeps; `arcadia sync` makes one of each kind.")


@commands.command("confirm")
def confirm_sweep(
    sweep_id: Annotated[str, typer.Argument(help="The halted sweep's id, from `sweeps list`.")],
) -> None:
    """Let the next sweep of the kind tombstone as many as this one withheld."""

    async def ask(stub: "InventoryServiceAsyncStub", metadata: Metadata) -> Sweep:
        request = pb.ConfirmSweepRequest(id=sweep_id)
        return (await stub.ConfirmSweep(request, metadata=metadata)).sweep

    sweep = _asked(ask)
    Console().print(
        f"{sweep.kind}: the next sweep may tombstone {sweep.withheld_count}", markup=False
    )


@commands.command("accept-scope")
def accept_scope(
    sweep_id: Annotated[str, typer.Argument(help="The frozen sweep's id, from `sweeps list`.")],
) -> None:
    """Say that the token was narrowed on purpose: thaw the kind with what it still sees."""

    async def ask(stub: "InventoryServiceAsyncStub", metadata: Metadata) -> Sweep:
        request = pb.AcceptScopeRequest(id=sweep_id)
        return (await stub.AcceptScope(request, metadata=metadata)).sweep

    sweep = _asked(ask)
    seen = ", ".join(sweep.scope_fingerprint) or "no field that depends on its scopes"
    Console().print(f"{sweep.kind}: from the next sweep on the token sees {seen}", markup=False)


@commands.command("accept-total")
def accept_total(
    sweep_id: Annotated[str, typer.Argument(help="The incomplete sweep's id, from `sweeps list`.")],
) -> None:
    """Say that the provider's total is wrong: sweeps with the same difference are complete."""

    async def ask(stub: "InventoryServiceAsyncStub", metadata: Metadata) -> Sweep:
        request = pb.AcceptTotalRequest(id=sweep_id)
        return (await stub.AcceptTotal(request, metadata=metadata)).sweep

    sweep = _asked(ask)
    words = "more" if sweep.total_difference > 0 else "fewer"
    Console().print(
        f"{sweep.kind}: the provider may report {abs(sweep.total_difference):,} {words} than it "
        "lists, until a sweep adds up exactly",
        markup=False,
    )


@commands.command("unreadable")
def list_unreadable_rows(
    sweep_id: Annotated[str, typer.Argument(help="The sweep's id, from `sweeps list`.")],
    count: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 50,
) -> None:
    """List the rows that a sweep could not read, and why."""

    async def ask(
        stub: "InventoryServiceAsyncStub", metadata: Metadata
    ) -> pb.ListUnreadableRowsResponse:
        request = pb.ListUnreadableRowsRequest(sweep_id=sweep_id, page_size=count)
        return await stub.ListUnreadableRows(request, metadata=metadata)

    console = Console()
    answer = _asked(ask)
    for row in answer.rows:
        console.print(row.reason, markup=False, soft_wrap=True)
    if not answer.rows:
        console.print("The sweep could read every row.")
    if answer.next_page_token:
        console.print(f"and more: `--count` lists up to 500, above {count}")


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the inventory answers to an operator; ends the program when it refuses."""

    async def run() -> Any:  # noqa: ANN401
        async with called_as_operator(Settings(), Service.INVENTORY) as (channel, metadata):
            return await ask(InventoryServiceStub(channel), metadata)

    try:
        return asyncio.run(run())
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None


def _line(sweep: Sweep) -> Text:
    told = ", ".join(
        f"{count:,} {word}"
        for count, word in (
            (sweep.seen_count, "seen"),
            (sweep.struck_count, "struck"),
            (sweep.deleted_count, "gone"),
            (sweep.withheld_count, "withheld"),
            (sweep.unreadable_count, "not readable"),
        )
        if count
    )
    outcome = sweep.outcome
    if sweep.HasField("confirmed_at"):
        outcome += ", accepted" if outcome == "incomplete" else ", confirmed"
    return Text.assemble(
        f"{sweep.id}  {sweep.started_at.ToDatetime(UTC):%Y-%m-%d %H:%M}  {sweep.kind}: ",
        (outcome, STYLES.get(sweep.outcome, "red")),
        f" ({told})" if told else "",
        f": {sweep.reason}" if sweep.reason else "",
    )
