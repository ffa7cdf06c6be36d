"""`arcadia invoices`: tenants' invoices, their documents and state changes."""

from decimal import Decimal
from typing import Annotated, Final

import typer
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoices_pb2
from rich.text import Text

from cli.caller import answers, call, pages, save_document
from cli.invoicing import credit_notes, one_offs, profiles
from cli.options import Count, OnlyMonth, Output, Tenant, command_group
from cli.output import print_list, run_text, say
from services.common.values.money import amount_text, money_text

__all__ = ["commands"]

commands = command_group("Show, download and change tenants' invoices.")

commands.add_typer(one_offs.commands, name="one-off")
commands.add_typer(credit_notes.commands, name="notes")
commands.add_typer(profiles.commands, name="profile")

NONE_YET: Final = "There are no invoices yet: `arcadia rollup run` creates those of a month."
STYLES: Final = {"draft": "dim", "issued": "yellow", "paid": "green", "void": "red"}

Identifier = Annotated[str, typer.Argument(help="The invoice's id, from `invoices list`.")]


@commands.command("list")
def list_invoices(
    tenant: Tenant = "",
    period: OnlyMonth = "",
    status: Annotated[str, typer.Option(help="draft, issued, paid or void.")] = "",
    count: Count = 50,
) -> None:
    """List invoices, newest month first."""
    request = pb.ListInvoicesRequest(
        tenant_id=tenant, period=period, status=status, page_size=count
    )
    print_list(
        {
            "id": "id",
            "number": "number",
            "month": lambda invoice: invoice.period[:7],
            "tenant": "tenant_id",
            "total": lambda invoice: money_text(invoice.total_cents, invoice.currency),
            "status": lambda invoice: Text(invoice.status, style=STYLES.get(invoice.status, "")),
            "handed over": _handed_over,
        },
        call(request).invoices,
        "There are no such invoices." if tenant or period or status else NONE_YET,
    )


@commands.command("show")
def show_invoice(invoice_id: Identifier) -> None:
    """Show an invoice with its lines."""
    answer = call(pb.GetInvoiceRequest(id=invoice_id))
    _print_head(answer.invoice)
    currency = answer.invoice.currency
    print_list(
        {
            "line": "id",
            "kind": "kind",
            "description": "description",
            "quantity": lambda line: f"{line.qty} {line.unit}",
            "at": lambda line: amount_text(Decimal(line.unit_price_cents), currency),
            "amount": lambda line: amount_text(line.amount_cents, currency),
        },
        answer.lines,
    )


@commands.command("trace")
def trace_line(
    invoice_id: Identifier,
    line_id: Annotated[str, typer.Argument(help="The line's id, from `invoices show`.")],
) -> None:
    """Show the price, the usage and the provider's cost lines behind a line."""
    traced, *more = answers(pb.TraceInvoiceLineRequest(invoice_id=invoice_id, line_id=line_id))
    currency = call(pb.GetInvoiceRequest(id=invoice_id)).invoice.currency
    line = traced.line
    say(f"{line.description}: {money_text(line.amount_cents, currency)}")
    say(f"priced by {traced.price_type.replace('_', ' ')} {traced.price_id}".rstrip())
    usage = [one for page in (traced, *more) for one in page.daily_usage]
    if usage:
        print_list({"day": "day", "meter": "resource_kind", "used": "qty"}, usage)
    if traced.rebilled_costs:
        print_list(
            {
                "cost line": "description",
                "product": "product",
                "size": "sku",
                "cost": lambda cost: f"USD {cost.amount_usd}",
                "billed": lambda cost: f"USD {cost.billed_usd}",
                "share": lambda cost: amount_text(cost.billed_cents, currency),
            },
            traced.rebilled_costs,
        )


@commands.command("download")
def download_invoice(
    invoice_id: Identifier,
    output: Output = None,
    format_: Annotated[str, typer.Option("--format", help="pdf, html, or focus (CSV).")] = "pdf",
    void: Annotated[bool, typer.Option("--void", help="Download the void notice.")] = False,
) -> None:
    """Download the document of an invoice, or of its void."""
    wanted = pb.DownloadVoidNoticeRequest if void else pb.DownloadInvoiceRequest
    save_document(wanted(id=invoice_id, format=format_), output)


@commands.command("verify")
def verify_invoices(
    invoice_id: Annotated[
        str, typer.Argument(help="The invoice to verify; without one, the whole chain.")
    ] = "",
) -> None:
    """Verify an invoice by recomputing it from its inputs, or verify the chain of all invoices."""
    verified = _verify_one(invoice_id) if invoice_id else _verify_chain()
    if not verified:
        raise typer.Exit(1)


@commands.command("void")
def void_invoice(
    invoice_id: Identifier,
    reason: Annotated[str, typer.Option(help="Why; kept with it.")],
) -> None:
    """Void a draft or an issued invoice; it keeps its number."""
    _print_head(call(pb.VoidInvoiceRequest(id=invoice_id, reason=reason)).invoice)


@commands.command("pay")
def pay_invoice(
    invoice_id: Identifier,
    paid_on: Annotated[str, typer.Option(help="The day, as in 2026-05-12; today if empty.")] = "",
    reference: Annotated[str, typer.Option(help="The payment reference.")] = "",
) -> None:
    """Mark an issued invoice as paid."""
    request = pb.PayInvoiceRequest(id=invoice_id, paid_on=paid_on, reference=reference)
    _print_head(call(request).invoice)


@commands.command("issue")
def issue_invoice(invoice_id: Identifier) -> None:
    """Issue one draft."""
    _print_head(call(pb.IssueInvoiceRequest(id=invoice_id)).invoice)


@commands.command("hand-over")
def hand_over_invoice(invoice_id: Identifier) -> None:
    """Retry the failed hand-over of an invoice to accounts receivable."""
    invoice = call(pb.HandOverInvoiceRequest(id=invoice_id)).invoice
    say(f"{invoice.number}: {run_text(invoice.hand_over.run)}")


@commands.command("credit")
def credit_invoice(
    invoice_id: Identifier,
    reason: Annotated[str, typer.Option(help="The reason; printed on the note.")],
    line: Annotated[
        list[str] | None,
        typer.Option(help="LINE_ID=CENTS without tax; may be repeated. Everything without one."),
    ] = None,
    tax: Annotated[
        int, typer.Option(help="An amount of tax to credit on its own, in minor units.", min=0)
    ] = 0,
) -> None:
    """Credit an issued invoice, in part or in full; the tax follows the lines."""
    lines = [_credited(text) for text in line or ()]
    if tax:
        of_invoice = pages(pb.ListInvoiceLinesRequest(invoice_id=invoice_id), "lines")
        tax_line = next((one.id for one in of_invoice if one.kind == "tax"), "")
        lines.append(pb.CreditedLine(line_id=tax_line, amount_cents=tax))
    request = pb.CreateCreditNoteRequest(invoice_id=invoice_id, lines=lines, reason=reason)
    note = call(request).credit_note
    total = money_text(note.total_cents, note.currency)
    say(f"{note.number}: {total}, {amount_text(note.tax_cents, note.currency)} of it tax")


def _handed_over(invoice: invoices_pb2.Invoice) -> str:
    """The references of the invoice and its void in accounts receivable, or their status."""
    return ", void: ".join(
        hand_over.reference or hand_over.status.replace("_", " ")
        for hand_over in (invoice.hand_over, invoice.void_hand_over)
        if hand_over.status
    )


def _verify_one(invoice_id: str) -> bool:
    answer = call(pb.VerifyInvoiceRequest(id=invoice_id))
    for part in answer.parts:
        outcome = ("verified", "green") if part.verified else (part.reason or "differs", "red")
        say(Text.assemble(f"{part.deployment_id or 'tax'}: ", outcome))
    return bool(answer.verified)


def _verify_chain() -> bool:
    verified_count, last = 0, ""
    while True:
        answer = call(pb.VerifyInvoiceChainRequest(after_number=last))
        verified_count += answer.invoice_count
        if not answer.verified:
            say(Text.assemble((f"broken at {answer.broken_number}:", "red"), f" {answer.reason}"))
            return False
        if answer.complete:
            say(Text.assemble(("the chain is valid:", "green"), f" {verified_count:,} invoices"))
            return True
        last = answer.last_number


def _credited(text: str) -> pb.CreditedLine:
    line_id, _, cents = text.partition("=")
    if not cents.isdecimal():
        raise typer.BadParameter(f"{text!r} is not LINE_ID=CENTS")
    return pb.CreditedLine(line_id=line_id, amount_cents=int(cents))


def _print_head(invoice: invoices_pb2.Invoice) -> None:
    say(
        Text.assemble(
            f"{invoice.number or 'draft'} · {invoice.tenant_id} · {invoice.period[:7]} · ",
            (invoice.status, STYLES.get(invoice.status, "")),
            f" · {money_text(invoice.subtotal_cents, invoice.currency)}"
            f" + {invoice.tax_label} {amount_text(invoice.tax_cents, invoice.currency)}"
            f" = {amount_text(invoice.total_cents, invoice.currency)}",
        )
    )
