"""`arcadia invoices one-off`: one-off lines, on the next invoice or on an immediate one."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer
from arcadia.analytics.v1 import one_off_service_pb2 as pb
from rich.text import Text

from cli import options
from cli.caller import call
from cli.options import command_group
from cli.output import print_list, say
from services.common.values.money import money_text

__all__ = ["commands"]

commands = command_group("Bill one-off lines, on the next invoice or on an immediate one.")

STYLES: Final = {"pending": "yellow", "drafted": "cyan", "billed": "green", "removed": "dim"}

Tenant = Annotated[str, typer.Argument(help="The tenant.")]
Cents = Annotated[
    int, typer.Option("--cents", help="In minor units without tax; a negative amount is a credit.")
]
Description = Annotated[str, typer.Option(help="The description on the invoice.")]
Reason = Annotated[str, typer.Option(help="The reason; printed on the invoice too.")]
Currency = Annotated[str, typer.Option(help="ISO 4217 currency code, such as AUD.")]
Deployment = Annotated[str, typer.Option(help="The deployment for the margin: its id or slug.")]


@commands.command("add")
def add_line(
    tenant: Tenant,
    cents: Cents,
    description: Description,
    reason: Reason,
    currency: Currency = "AUD",
    deployment: Deployment = "",
) -> None:
    """Add a line to a tenant's next invoice."""
    request = pb.AddOneOffLineRequest(
        tenant_id=tenant,
        deployment_id=deployment,
        description=description,
        amount_cents=cents,
        currency=currency,
        reason=reason,
    )
    _print([call(request).one_off_line])


@commands.command("list")
def list_lines(
    tenant: options.Tenant = "",
    status: Annotated[str, typer.Option(help="pending, drafted, billed or removed.")] = "",
    count: options.Count = 50,
) -> None:
    """List one-off lines, newest first."""
    request = pb.ListOneOffLinesRequest(tenant_id=tenant, status=status, page_size=count)
    _print(call(request).one_off_lines)


@commands.command("remove")
def remove_line(
    line_id: Annotated[str, typer.Argument(help="The line's id, from `one-off list`.")],
) -> None:
    """Remove a line that is not on an invoice yet."""
    _print([call(pb.RemoveOneOffLineRequest(id=line_id)).one_off_line])


@commands.command("invoice")
def bill_at_once(
    tenant: Tenant,
    cents: Cents,
    description: Description,
    reason: Reason,
    currency: Currency = "AUD",
    deployment: Deployment = "",
) -> None:
    """Draft an invoice with one line immediately; `invoices issue` issues it."""
    line = pb.OneOffInvoiceLine(
        deployment_id=deployment, description=description, amount_cents=cents
    )
    request = pb.CreateOneOffInvoiceRequest(
        tenant_id=tenant, currency=currency, reason=reason, lines=[line]
    )
    invoice = call(request).invoice
    say(f"{invoice.id} · draft · {money_text(invoice.total_cents, invoice.currency)}")


def _print(lines: Iterable[Any]) -> None:
    print_list(
        {
            "id": "id",
            "tenant": "tenant_id",
            "description": "description",
            "amount": lambda line: money_text(line.amount_cents, line.currency),
            "status": lambda line: Text(line.status, style=STYLES.get(line.status, "")),
            "reason": "reason",
        },
        lines,
        "There are no such lines.",
    )
