"""`arcadia costs`: what the provider charges, what is not matched, files, and matching anew."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import grpc
import typer
from arcadia.billing.v1 import balance_service_pb2 as balance_pb
from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1 import provider_invoice_service_pb2 as invoices_pb
from arcadia.billing.v1.balance_service_pb2_grpc import BalanceServiceStub
from arcadia.billing.v1.cost_service_pb2_grpc import CostServiceStub
from arcadia.billing.v1.costs_pb2 import CostLine, CostTotal
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub
from rich.console import Console
from rich.text import Text

from cli.caller import Metadata, called_as_operator, refused
from cli.costs.fetch import fetch_bills
from cli.costs.provider_bills import FETCH, list_bills, show_history, unwaive_bill, waive_bill
from cli.following import ran
from cli.values import NOBODY
from services.common.settings import Service, Settings
from services.common.values.money import dollars
from workflows.costs.starts import start_daily_costs

__all__ = ["commands"]

commands = typer.Typer(
    help="What the provider charges, and what it belongs to.", no_args_is_help=True
)

UNKNOWN: Final = "unknown"
STATES: Final = {"matched": "green", "not_applicable": "dim"}

Period = Annotated[str, typer.Option(help="The month, as in 2026-05.")]
Count = Annotated[int, typer.Option(help="At most so many.", min=1, max=500)]
WITHOUT: Final = {"tenant": f"{NOBODY}: internal, or of no known resource"}
"""How the lines are called that have none of what they are grouped by."""

Call = Callable[[grpc.aio.Channel, Metadata], Awaitable[None]]


commands.command("fetch")(fetch_bills)
commands.command("bills")(list_bills)
commands.command("history")(show_history)
commands.command("waive")(waive_bill)
commands.command("unwaive")(unwaive_bill)


@commands.command("daily")
def read_daily_costs() -> None:
    """Read the provider's daily estimates now, or join the run that does.

    Metering brings them to their owners: at night, or by `arcadia usage meter`.
    """
    result = ran(start_daily_costs)
    Console().print(
        f"{result.row_count:,} estimates, USD {dollars(result.amount_usd)}", highlight=False
    )


@commands.command("balance")
def show_balance() -> None:
    """What the account owes, as it was when the newest snapshot was taken."""

    async def call(channel: grpc.aio.Channel, metadata: Metadata) -> None:
        request = balance_pb.GetBalanceRequest()
        console = Console()
        try:
            answer = await BalanceServiceStub(channel).GetBalance(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            _say(console, "No balance was read yet: it is read every hour, at seven minutes past.")
            raise typer.Exit(1) from None
        balance = answer.balance
        for amount, meaning in (
            (balance.month_to_date_usage, "USD used this month"),
            (balance.account_balance, "USD owed from before (negative: credit)"),
            (balance.month_to_date_balance, "USD owed in all"),
        ):
            _say(console, f"{dollars(amount):>14}  {meaning}")
        _say(console, f"computed {balance.generated_at.ToJsonString()}")

    _called(call)


@commands.command("totals")
def show_totals(
    period: Annotated[str, typer.Argument(help="The month, as in 2026-05.")],
    by: Annotated[
        str, typer.Option(help="product, project, kind, deployment or tenant.")
    ] = "product",
    count: Count = 50,
) -> None:
    """What a month comes to, dearest first."""

    async def call(channel: grpc.aio.Channel, metadata: Metadata) -> None:
        request = pb.ListCostTotalsRequest(period=period, group_by=by, page_size=count)
        answer = await CostServiceStub(channel).ListCostTotals(request, metadata=metadata)
        console = Console()
        for total in answer.totals:
            _say(
                console,
                f"{dollars(total.amount_usd):>14}  {total.line_count:>9,}  {_group(total, by)}",
            )
        if answer.HasField("total_usd"):
            _say(console, f"{dollars(answer.total_usd):>14}  USD in all")
        else:
            _say(console, f"No bill of {period} was ingested: its costs are unknown; {FETCH}.")

    _called(call)


@commands.command("lines")
def list_lines(
    period: Period = "",
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    state: Annotated[str, typer.Option(help="Only so matched.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant, also shares.")] = "",
    classification: Annotated[
        str, typer.Option(help="resource, shared, account, tax, credit or unknown.")
    ] = "",
    count: Count = 50,
) -> None:
    """List cost lines, newest month first."""
    request = pb.ListCostLinesRequest(
        period=period,
        kind=kind,
        match_state=state,
        tenant_id=tenant,
        classification=classification,
        page_size=count,
    )
    if not _list(request):
        _say(Console(), f"There are no such lines; {FETCH}.")


@commands.command("unmatched")
def list_unmatched(period: Period = "", count: Count = 50) -> None:
    """List the lines that should have a resource and have none, each with the reason."""
    listed = [
        _list(pb.ListCostLinesRequest(period=period, match_state=state, page_size=count))
        for state in ("ambiguous", "unmatched")
    ]
    unknown: list[CostLine] = []
    _list(pb.ListCostLinesRequest(period=period, classification=UNKNOWN, page_size=count), unknown)
    for product in sorted({line.product for line in unknown}):
        _say(Console(), f"The product {product!r} is not known.")
    if any(listed):
        return
    known: list[CostLine] = []
    _list(pb.ListCostLinesRequest(period=period, page_size=1), known)
    none = f"There are no such lines; {FETCH}."
    _say(Console(), "Every line that should have a resource has one." if known else none)


@commands.command("export")
def export_lines(
    period: Period = "",
    form: Annotated[str, typer.Option("--format", help="csv or focus.")] = "csv",
) -> None:
    """Write cost lines to the standard output as CSV, ours or that of FOCUS."""

    async def call(channel: grpc.aio.Channel, metadata: Metadata) -> None:
        request = pb.ExportCostLinesRequest(
            filter=pb.ListCostLinesRequest(period=period), format=form
        )
        async for answer in CostServiceStub(channel).ExportCostLines(
            request, metadata=metadata, timeout=None
        ):
            sys.stdout.buffer.write(answer.chunk)
        sys.stdout.buffer.flush()

    _called(call)


@commands.command("rematch")
def rematch(
    period: Period = "",
    invoice: Annotated[str, typer.Option(help="Only this invoice (our id).")] = "",
) -> None:
    """Match lines anew, without ingesting: of an invoice, of a month, or all."""

    async def call(channel: grpc.aio.Channel, metadata: Metadata) -> None:
        request = invoices_pb.RematchCostLinesRequest(period=period, provider_invoice_id=invoice)
        stub = ProviderInvoiceServiceStub(channel)
        answer = await stub.RematchCostLines(request, metadata=metadata)
        _say(Console(), f"started {answer.run.workflow_id}; follow it in Temporal's UI")

    _called(call)


def _list(request: pb.ListCostLinesRequest, kept: list[CostLine] | None = None) -> int:
    """Prints the lines and returns how many; a separate note says when there are more.

    With `kept`, adds the lines to it instead of printing them.
    """
    printed = 0

    async def call(channel: grpc.aio.Channel, metadata: Metadata) -> None:
        nonlocal printed
        answer = await CostServiceStub(channel).ListCostLines(request, metadata=metadata)
        if kept is not None:
            kept.extend(answer.cost_lines)
            return
        console = Console()
        for line in answer.cost_lines:
            console.print(_line(line), soft_wrap=True)
        printed = len(answer.cost_lines)
        if answer.next_page_token:
            _say(Console(stderr=True), f"… and more than these {printed}; --count takes up to 500.")

    _called(call)
    return printed


def _group(total: CostTotal, by: str) -> str:
    without = WITHOUT.get(by, f"of no {by}")
    return f"{total.tenant_id} {total.group}".lstrip() or without


def _line(line: CostLine) -> Text:
    return Text.assemble(
        f"{line.period[:7]} #{line.row_number:<5} {dollars(line.amount_usd):>12}  ",
        f"{line.product}: {line.description}  ",
        (line.match_state, STATES.get(line.match_state, "red")),
        f" by {line.match_rung}" if line.match_rung else "",
        f" ({line.match_reason})" if line.match_reason else "",
        f"  {line.tenant_id} {line.deployment_id}".rstrip(),
        "".join(
            f"\n{'':10}{dollars(share.amount_usd):>16}  of it for {share.seconds:,} s:"
            f" {share.tenant_id or NOBODY} {share.deployment_id}".rstrip()
            for share in line.shares
        ),
    )


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _called(call: Call) -> None:
    """Calls billing as an operator; ends the program when it refuses."""

    async def run() -> None:
        async with called_as_operator(Settings(), Service.BILLING) as (channel, metadata):
            await call(channel, metadata)

    try:
        asyncio.run(run())
    except grpc.aio.AioRpcError as error:
        raise refused(error) from None
