"""`arcadia invoices notes`: what was taken back of invoices, with its documents."""

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from cli.invoicing.documents import save_document
from cli.tables import print_unfolded
from services.common.settings import Service
from services.common.values.money import money_text

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="What was taken back of invoices, with its documents.", no_args_is_help=True
)

Identifier = Annotated[str, typer.Argument(help="The note's id, from `notes list`.")]
Ask = Callable[["InvoiceServiceAsyncStub", Metadata], Awaitable[Any]]


@commands.command("list")
def list_notes(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    invoice: Annotated[str, typer.Option(help="Only of the invoice with this id.")] = "",
    count: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 50,
) -> None:
    """List credit notes, newest first."""
    request = pb.ListCreditNotesRequest(tenant_id=tenant, invoice_id=invoice, page_size=count)

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.ListCreditNotes(request, metadata=metadata)).credit_notes

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "number", "invoice", "tenant", "total", "handed over", "reason"):
        right = heading == "total"
        table.add_column(heading, overflow="fold", justify="right" if right else "left")
    for note in _asked(ask):
        table.add_row(
            note.id,
            note.number,
            note.invoice_number,
            Text(note.tenant_id),
            money_text(note.total_cents, note.currency),
            Text(note.hand_over.reference or note.hand_over.status.replace("_", " ")),
            Text(note.reason),
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print("There are no such credit notes.")


@commands.command("download")
def download_note(
    note_id: Identifier,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    format_: Annotated[str, typer.Option("--format", help="pdf or html.")] = "pdf",
) -> None:
    """Download the document of a credit note."""
    request = pb.DownloadCreditNoteRequest(id=note_id, format=format_)
    save_document("DownloadCreditNote", request, output)


@commands.command("hand-over")
def hand_over_note(note_id: Identifier) -> None:
    """Hand a credit note to accounts receivable again, after it was given up."""
    request = pb.HandOverCreditNoteRequest(id=note_id, request_id=str(uuid.uuid4()))

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.HandOverCreditNote(request, metadata=metadata)).credit_note

    note = _asked(ask)
    run = note.hand_over.run
    Console().print(f"{note.number}: {run.workflow_id} · run {run.run_id}", soft_wrap=True)


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(
        Service.ANALYTICS, lambda channel, metadata: ask(InvoiceServiceStub(channel), metadata)
    )
