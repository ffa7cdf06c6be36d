"""`arcadia invoices one-off`: what is billed by hand, on the next invoice or on one at once."""

import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from arcadia.analytics.v1 import one_off_service_pb2 as pb
from arcadia.analytics.v1.one_off_service_pb2_grpc import OneOffServiceStub
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from cli.tables import print_unfolded
from services.common.settings import Service
from services.common.values.money import money_text

if TYPE_CHECKING:
    from arcadia.analytics.v1.one_off_service_pb2_grpc import OneOffServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="What is billed by hand, on the next invoice or on one at once.", no_args_is_help=True
)

STYLES: Final = {"pending": "yellow", "drafted": "cyan", "billed": "green", "removed": "dim"}

Ask = Callable[["OneOffServiceAsyncStub", Metadata], Awaitable[Any]]
Tenant = Annotated[str, typer.Argument(help="The tenant.")]
Cents = Annotated[
    int, typer.Option("--cents", help="In minor units without tax; negative gives back.")
]
Description = Annotated[str, typer.Option(help="What it says on the invoice.")]
Reason = Annotated[str, typer.Option(help="Why; stands on the invoice too.")]
Currency = Annotated[str, typer.Option(help="ISO 4217, as in AUD.")]
Deployment = Annotated[str, typer.Option(help="Counts to its margin: its id or its slug.")]


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
        request_id=str(uuid.uuid4()),
    )

    async def ask(stub: "OneOffServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.AddOneOffLine(request, metadata=metadata)).one_off_line

    _print([_asked(ask)])


@commands.command("list")
def list_lines(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    status: Annotated[str, typer.Option(help="pending, drafted, billed or removed.")] = "",
    count: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 50,
) -> None:
    """List one-off lines, newest first."""
    request = pb.ListOneOffLinesRequest(tenant_id=tenant, status=status, page_size=count)

    async def ask(stub: "OneOffServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.ListOneOffLines(request, metadata=metadata)).one_off_lines

    lines = _asked(ask)
    if lines:
        _print(lines)
    else:
        Console().print("There are no such lines.")


@commands.command("remove")
def remove_line(
    line_id: Annotated[str, typer.Argument(help="The line's id, from `one-off list`.")],
) -> None:
    """Remove a line that is on no invoice yet."""
    request = pb.RemoveOneOffLineRequest(id=line_id, request_id=str(uuid.uuid4()))

    async def ask(stub: "OneOffServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.RemoveOneOffLine(request, metadata=metadata)).one_off_line

    _print([_asked(ask)])


@commands.command("invoice")
def bill_at_once(
    tenant: Tenant,
    cents: Cents,
    description: Description,
    reason: Reason,
    currency: Currency = "AUD",
    deployment: Deployment = "",
) -> None:
    """Draft an invoice of one line at once; `invoices issue` issues it."""
    request = pb.CreateOneOffInvoiceRequest(
        tenant_id=tenant,
        currency=currency,
        reason=reason,
        lines=[
            pb.OneOffInvoiceLine(
                deployment_id=deployment, description=description, amount_cents=cents
            )
        ],
        request_id=str(uuid.uuid4()),
    )

    async def ask(stub: "OneOffServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.CreateOneOffInvoice(request, metadata=metadata)).invoice

    invoice = _asked(ask)
    total = money_text(invoice.total_cents, invoice.currency)
    Console().print(f"{invoice.id} · draft · {total}", markup=False, soft_wrap=True)


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(
        Service.ANALYTICS, lambda channel, metadata: ask(OneOffServiceStub(channel), metadata)
    )


def _print(lines: Any) -> None:  # noqa: ANN401
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "tenant", "description", "amount", "status", "reason"):
        right = heading == "amount"
        table.add_column(heading, overflow="fold", justify="right" if right else "left")
    for line in lines:
        table.add_row(
            line.id,
            Text(line.tenant_id),
            Text(line.description),
            money_text(line.amount_cents, line.currency),
            Text(line.status, style=STYLES.get(line.status, "")),
            Text(line.reason),
        )
    print_unfolded(table)
