"""`arcadia costs bills`, `history`, `waive`, `unwaive`: the provider's bills and history."""

from itertools import chain
from typing import Annotated, Final

import typer
from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb

from cli.caller import call
from cli.options import Count, Follow
from cli.output import instant, say, say_all
from cli.runs import run_workflow, under_way
from contracts.costs import billing_history
from contracts.flows import BY_HAND
from services.common.values.money import dollars
from workflows.costs.billing_history import BillingHistory
from workflows.costs.payloads import HistoryResult

__all__ = ["FETCH", "fetch_bills", "list_bills", "show_history", "unwaive_bill", "waive_bill"]

Bill = Annotated[str, typer.Argument(help="The invoice, by our id (`arcadia costs bills`).")]

UNKNOWN: Final = "unknown"
FETCH: Final = "`arcadia costs fetch` ingests bills"


def list_bills(
    period: Annotated[str, typer.Option(help="The month, as in 2026-05.")] = "",
    status: Annotated[str, typer.Option(help="discovered, ingesting, ingested or failed.")] = "",
    count: Count = 50,
) -> None:
    """List the provider's invoices, newest first, with their reconciliation."""
    request = pb.ListProviderInvoicesRequest(period=period, ingest_status=status, page_size=count)
    lines = chain.from_iterable(map(_bill, call(request).provider_invoices))
    say_all(lines, f"There are no such invoices; {FETCH}.")


def show_history(
    kind: Annotated[str, typer.Option("--type", help="Only of this type, such as Refund.")] = "",
    unreadable: Annotated[bool, typer.Option(help="Only unreadable entries.")] = False,
    count: Count = 50,
) -> None:
    """Show the provider's billing history, and whether it adds up to the balance."""
    answer = call(
        pb.ListBillingHistoryRequest(
            type=kind, unreadable="true" if unreadable else "", page_size=count
        )
    )
    say_all(map(_entry, answer.entries), f"There are no such entries; {FETCH}.")
    say_all(_sums(answer.reconciliation))


def waive_bill(
    invoice: Bill, reason: Annotated[str, typer.Option(help="Why it can never be read.")]
) -> None:
    """Waive an invoice that can never be read, so that it no longer fails a walk."""
    waived = call(pb.WaiveProviderInvoiceRequest(id=invoice, reason=reason)).provider_invoice
    say(f"waived {waived.invoice_uuid}; `arcadia costs unwaive` undoes it")


def unwaive_bill(invoice: Bill) -> None:
    """Remove a waiver; the invoice is due again."""
    due = call(pb.UnwaiveProviderInvoiceRequest(id=invoice)).provider_invoice
    say(f"{due.invoice_uuid} is due again")


def _bill(invoice: costs_pb2.ProviderInvoice) -> list[str]:
    """A line for the invoice, and one for each part of it that does not agree."""
    sums = invoice.reconciliation
    agreed = {True: "balanced", False: f"residual {sums.residual_usd}"}[sums.balanced]
    if not sums.HasField("balanced"):
        agreed = "no summary" if invoice.HasField("reconciliation") else ""
    lines = [
        f"{invoice.period[:7] or UNKNOWN}  {dollars(invoice.amount_usd):>12}"
        f"  {invoice.ingest_status}  {agreed}  {invoice.id}".rstrip()
    ]
    if invoice.HasField("waiver"):
        lines.append(f"    waived by {invoice.waiver.waived_by}: {invoice.waiver.reason}")
    elif invoice.ingest_error:
        lines.append(f"    {invoice.ingest_error}")
    lines += [
        f"    {part.part}: lines {dollars(part.lines_usd)},"
        f" summary {dollars(part.summary_usd)}, residual {part.residual_usd}"
        for part in sums.parts
        if part.residual_usd not in ("", "0")
    ]
    return lines


def _entry(entry: costs_pb2.BillingHistoryEntry) -> str:
    amount = dollars(entry.amount_usd) if entry.HasField("amount_usd") else UNKNOWN
    at = instant(entry.occurred_at, "%Y-%m-%d") if entry.HasField("occurred_at") else "?"
    notes = f"  unreadable: {entry.unreadable}" if entry.unreadable else ""
    notes += "" if entry.is_listed else "  (no longer listed)"
    return f"{at:10}  {amount:>12}  {entry.type}: {entry.description}{notes}"


def _sums(sums: costs_pb2.HistoryReconciliation) -> list[str]:
    lines = [
        f"{dollars(total.amount_usd):>24}  {total.type} ({total.entry_count})"
        for total in sums.totals
    ]
    balance = dollars(sums.account_balance_usd) if sums.account_balance_usd else UNKNOWN
    residual = dollars(sums.residual_usd) if sums.residual_usd else UNKNOWN
    lines.append(
        f"{dollars(sums.history_usd):>24}  USD in total; the account owes {balance},"
        f" residual {residual}"
    )
    if sums.unreadable_count:
        lines.append(f"{sums.unreadable_count} unreadable entries; list them with --unreadable")
    return lines


def fetch_bills(follow: Follow = True) -> None:
    """Walk the billing history now and ingest pending invoices, or join the active walk."""
    run_workflow(
        "walk",
        billing_history(BY_HAND),
        BillingHistory.run,
        _show,
        progress=under_way,
        reached=BillingHistory.progress,
        wait=follow,
    )


def _show(result: HistoryResult) -> None:
    say(f"history: {result.walk.in_words()}")
    for line in result.ingested:
        say(line, "green")
    for uuid in result.running_elsewhere:
        say(f"{uuid}: already being ingested", "yellow")
    for line in result.failed:
        say(f"failed: {line}", "red")
