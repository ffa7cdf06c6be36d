"""`arcadia invoices`: what tenants owe, with its documents, and what becomes of it."""

import uuid
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoices_pb2
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from cli.invoicing import credit_notes, one_offs
from cli.invoicing.documents import save_document
from cli.tables import print_unfolded
from services.common.settings import Service
from services.common.values.money import amount_text, money_text

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="What tenants owe, with its documents, and what becomes of it.", no_args_is_help=True
)

commands.add_typer(one_offs.commands, name="one-off")
commands.add_typer(credit_notes.commands, name="notes")

PAGE_SIZE: Final = 500
NONE_YET: Final = "There are no invoices yet: `arcadia rollup run` makes those of a month."
STYLES: Final = {"draft": "dim", "issued": "yellow", "paid": "green", "void": "red"}

Identifier = Annotated[str, typer.Argument(help="The invoice's id, from `invoices list`.")]
Ask = Callable[["InvoiceServiceAsyncStub", Metadata], Awaitable[Any]]


@commands.command("list")
def list_invoices(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    period: Annotated[str, typer.Option(help="Only of this month, as in 2026-04.")] = "",
    status: Annotated[str, typer.Option(help="draft, issued, paid or void.")] = "",
    count: Annotated[int, typer.Option(help="At most so many.", min=1, max=PAGE_SIZE)] = 50,
) -> None:
    """List invoices, newest month first."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ListInvoicesRequest(
            tenant_id=tenant, period=period, status=status, page_size=count
        )
        return (await stub.ListInvoices(request, metadata=metadata)).invoices

    table = _table("id", "number", "month", "tenant", "total", "status", "handed over")
    for invoice in _asked(ask):
        table.add_row(
            invoice.id,
            invoice.number,
            invoice.period[:7],
            Text(invoice.tenant_id),
            money_text(invoice.total_cents, invoice.currency),
            Text(invoice.status, style=STYLES.get(invoice.status, "")),
            Text(_handed_over(invoice)),
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print("There are no such invoices." if tenant or period or status else NONE_YET)


@commands.command("show")
def show_invoice(invoice_id: Identifier) -> None:
    """Show an invoice with its lines."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return await stub.GetInvoice(pb.GetInvoiceRequest(id=invoice_id), metadata=metadata)

    answer = _asked(ask)
    console = Console()
    _print_head(console, answer.invoice)
    table = _table("line", "kind", "description", "quantity", "at", "amount")
    for line in answer.lines:
        table.add_row(
            line.id,
            line.kind,
            Text(line.description),
            Text(f"{line.qty} {line.unit}"),
            amount_text(Decimal(line.unit_price_cents), answer.invoice.currency),
            amount_text(line.amount_cents, answer.invoice.currency),
        )
    print_unfolded(table)


@commands.command("download")
def download_invoice(
    invoice_id: Identifier,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    format_: Annotated[str, typer.Option("--format", help="pdf, html, or focus (CSV).")] = "pdf",
    void: Annotated[bool, typer.Option("--void", help="What says that it is void.")] = False,
) -> None:
    """Download the document of an invoice, or of its void."""
    if void:
        notice = pb.DownloadVoidNoticeRequest(id=invoice_id, format=format_)
        save_document("DownloadVoidNotice", notice, output)
    else:
        request = pb.DownloadInvoiceRequest(id=invoice_id, format=format_)
        save_document("DownloadInvoice", request, output)


@commands.command("verify")
def verify_invoices(
    invoice_id: Annotated[
        str, typer.Argument(help="Compute this invoice again; the whole chain without one.")
    ] = "",
) -> None:
    """Compute an invoice again from its frozen inputs, or walk the chain of all of them."""
    verified = _verify_one(invoice_id) if invoice_id else _verify_chain()
    if not verified:
        raise typer.Exit(1)


@commands.command("void")
def void_invoice(
    invoice_id: Identifier,
    reason: Annotated[str, typer.Option(help="Why; kept with it.")],
) -> None:
    """Void a draft or an issued invoice; its number stays taken."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.VoidInvoiceRequest(id=invoice_id, reason=reason, request_id=_key())
        return (await stub.VoidInvoice(request, metadata=metadata)).invoice

    _print_head(Console(), _asked(ask))


@commands.command("pay")
def pay_invoice(
    invoice_id: Identifier,
    paid_on: Annotated[str, typer.Option(help="The day, as in 2026-05-12; today if empty.")] = "",
    reference: Annotated[str, typer.Option(help="What the payment is called.")] = "",
) -> None:
    """Mark an issued invoice as paid."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.PayInvoiceRequest(
            id=invoice_id, paid_on=paid_on, reference=reference, request_id=_key()
        )
        return (await stub.PayInvoice(request, metadata=metadata)).invoice

    _print_head(Console(), _asked(ask))


@commands.command("issue")
def issue_invoice(invoice_id: Identifier) -> None:
    """Number and seal one draft."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.IssueInvoiceRequest(id=invoice_id, request_id=_key())
        return (await stub.IssueInvoice(request, metadata=metadata)).invoice

    _print_head(Console(), _asked(ask))


@commands.command("hand-over")
def hand_over_invoice(invoice_id: Identifier) -> None:
    """Hand an invoice to accounts receivable again, after it was given up."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.HandOverInvoiceRequest(id=invoice_id, request_id=_key())
        return (await stub.HandOverInvoice(request, metadata=metadata)).invoice

    invoice = _asked(ask)
    run = invoice.hand_over.run
    Console().print(f"{invoice.number}: {run.workflow_id} · run {run.run_id}", soft_wrap=True)


@commands.command("credit")
def credit_invoice(
    invoice_id: Identifier,
    reason: Annotated[str, typer.Option(help="Why; stands on the note.")],
    line: Annotated[
        list[str] | None,
        typer.Option(help="LINE_ID=CENTS without tax; may be repeated. Everything without one."),
    ] = None,
    tax: Annotated[
        int, typer.Option(help="So much of the tax by itself, in minor units.", min=0)
    ] = 0,
) -> None:
    """Take back some or all of an issued invoice by a credit note; the tax of lines follows."""
    lines = [_credited(text) for text in line or ()]
    if tax:
        lines.append(pb.CreditedLine(line_id=_tax_line(invoice_id), amount_cents=tax))

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.CreateCreditNoteRequest(
            invoice_id=invoice_id, lines=lines, reason=reason, request_id=_key()
        )
        return (await stub.CreateCreditNote(request, metadata=metadata)).credit_note

    note = _asked(ask)
    total = money_text(note.total_cents, note.currency)
    of_it = amount_text(note.tax_cents, note.currency)
    Console().print(f"{note.number}: {total}, {of_it} of it tax")


def _handed_over(invoice: invoices_pb2.Invoice) -> str:
    """What accounts receivable calls it and its void, or how far they are."""
    told = [
        hand_over.reference or hand_over.status.replace("_", " ")
        for hand_over in (invoice.hand_over, invoice.void_hand_over)
        if hand_over.status
    ]
    return ", void: ".join(told)


def _verify_one(invoice_id: str) -> bool:
    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return await stub.VerifyInvoice(pb.VerifyInvoiceRequest(id=invoice_id), metadata=metadata)

    answer = _asked(ask)
    for part in answer.parts:
        outcome = ("verified", "green") if part.verified else (part.reason or "differs", "red")
        Console().print(Text.assemble(f"{part.deployment_id or 'tax'}: ", outcome))
    return bool(answer.verified)


def _verify_chain() -> bool:
    walked, after = 0, ""
    while True:
        answer = _walked_after(after)
        walked += answer.invoice_count
        if not answer.verified:
            Console().print(f"[red]broken at {answer.broken_number}:[/] {answer.reason}")
            return False
        if answer.complete:
            Console().print(f"[green]every link holds:[/] {walked:,} invoices")
            return True
        after = answer.last_number


def _walked_after(number: str) -> pb.VerifyInvoiceChainResponse:
    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.VerifyInvoiceChainRequest(after_number=number)
        return await stub.VerifyInvoiceChain(request, metadata=metadata)

    answer: pb.VerifyInvoiceChainResponse = _asked(ask)
    return answer


def _credited(text: str) -> pb.CreditedLine:
    line_id, _, cents = text.partition("=")
    if not cents.isdecimal():
        raise typer.BadParameter(f"{text!r} is not LINE_ID=CENTS")
    return pb.CreditedLine(line_id=line_id, amount_cents=int(cents))


def _tax_line(invoice_id: str) -> str:
    """The id of the tax line of an invoice."""

    async def ask(stub: "InvoiceServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ListInvoiceLinesRequest(invoice_id=invoice_id, page_size=PAGE_SIZE)
        while True:
            page = await stub.ListInvoiceLines(request, metadata=metadata)
            for line in page.lines:
                if line.kind == "tax":
                    return line.id
            request.page_token = page.next_page_token

    return str(_asked(ask))


def _key() -> str:
    return str(uuid.uuid4())


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(
        Service.ANALYTICS, lambda channel, metadata: ask(InvoiceServiceStub(channel), metadata)
    )


def _print_head(console: Console, invoice: invoices_pb2.Invoice) -> None:
    console.print(
        Text.assemble(
            f"{invoice.number or 'draft'} · {invoice.tenant_id} · {invoice.period[:7]} · ",
            (invoice.status, STYLES.get(invoice.status, "")),
            f" · {money_text(invoice.subtotal_cents, invoice.currency)}"
            f" + {invoice.tax_label} {amount_text(invoice.tax_cents, invoice.currency)}"
            f" = {amount_text(invoice.total_cents, invoice.currency)}",
        ),
        soft_wrap=True,
    )


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        right = heading in ("total", "amount", "quantity", "at")
        table.add_column(heading, overflow="fold", justify="right" if right else "left")
    return table
