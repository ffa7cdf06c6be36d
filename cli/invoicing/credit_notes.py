"""`arcadia invoices notes`: credit notes, with their documents."""

from typing import Annotated

import typer
from arcadia.analytics.v1 import invoice_service_pb2 as pb

from cli.caller import call, save_document
from cli.options import Count, Output, Tenant, command_group
from cli.output import print_list, run_text, say
from services.common.values.money import money_text

__all__ = ["commands"]

commands = command_group("List credit notes and download their documents.")

Identifier = Annotated[str, typer.Argument(help="The note's id, from `notes list`.")]


@commands.command("list")
def list_notes(
    tenant: Tenant = "",
    invoice: Annotated[str, typer.Option(help="Only of the invoice with this id.")] = "",
    count: Count = 50,
) -> None:
    """List credit notes, newest first."""
    request = pb.ListCreditNotesRequest(tenant_id=tenant, invoice_id=invoice, page_size=count)
    print_list(
        {
            "id": "id",
            "number": "number",
            "invoice": "invoice_number",
            "tenant": "tenant_id",
            "total": lambda note: money_text(note.total_cents, note.currency),
            "handed over": lambda note: (
                note.hand_over.reference or note.hand_over.status.replace("_", " ")
            ),
            "reason": "reason",
        },
        call(request).credit_notes,
        "There are no such credit notes.",
    )


@commands.command("download")
def download_note(
    note_id: Identifier,
    output: Output = None,
    format_: Annotated[str, typer.Option("--format", help="pdf or html.")] = "pdf",
) -> None:
    """Download the document of a credit note."""
    request = pb.DownloadCreditNoteRequest(id=note_id, format=format_)
    save_document(request, output)


@commands.command("hand-over")
def hand_over_note(note_id: Identifier) -> None:
    """Retry the failed hand-over of a credit note to accounts receivable."""
    note = call(pb.HandOverCreditNoteRequest(id=note_id)).credit_note
    say(f"{note.number}: {run_text(note.hand_over.run)}")
