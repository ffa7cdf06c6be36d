"""`arcadia costs`: the provider's charges, unmatched lines, exports and matching."""

import sys
from typing import Annotated, Any, Final

import grpc
import typer
from arcadia.billing.v1 import balance_service_pb2 as balance_pb
from arcadia.billing.v1 import cost_service_pb2 as pb
from arcadia.billing.v1 import provider_invoice_service_pb2 as invoices_pb
from arcadia.billing.v1.costs_pb2 import CostLine
from rich.text import Text

from cli.caller import call, run, send, stream
from cli.costs.provider_bills import (
    FETCH,
    fetch_bills,
    list_bills,
    show_history,
    unwaive_bill,
    waive_bill,
)
from cli.options import Count, command_group
from cli.output import NOBODY, say, say_all
from cli.runs import run_workflow
from contracts.costs import daily_costs
from contracts.flows import BY_HAND
from services.common.values.money import dollars
from workflows.costs.readings import DailyCosts

__all__ = ["commands"]

commands = command_group("Show the provider's charges and the resources they belong to.")

UNKNOWN: Final = "unknown"
NO_LINES: Final = f"There are no such lines; {FETCH}."
STATES: Final = {"matched": "green", "not_applicable": "dim"}
WITHOUT: Final = {"tenant": f"{NOBODY}: internal, or without a known resource"}
"""The labels of lines without a value of the grouping."""

Period = Annotated[str, typer.Option(help="The month, as in 2026-05.")]


commands.command("fetch")(fetch_bills)
commands.command("bills")(list_bills)
commands.command("history")(show_history)
commands.command("waive")(waive_bill)
commands.command("unwaive")(unwaive_bill)


@commands.command("daily")
def read_daily_costs() -> None:
    """Read the provider's daily estimates now, or join the active run.

    Metering attributes them to owners, at night or by `arcadia usage meter`.
    """
    run_workflow(
        "reading",
        daily_costs(BY_HAND),
        DailyCosts.run,
        lambda result: say(f"{result.row_count:,} estimates, USD {dollars(result.amount_usd)}"),
    )


@commands.command("balance")
def show_balance() -> None:
    """Show the newest snapshot of the account's balance."""
    balance = run(_balance())
    if balance is None:
        say("No balance was read yet; it is read at :07 of every hour.")
        raise typer.Exit(1)
    for amount, meaning in (
        (balance.month_to_date_usage, "USD used this month"),
        (balance.account_balance, "USD owed before this month (negative: credit)"),
        (balance.month_to_date_balance, "USD owed in total"),
    ):
        say(f"{dollars(amount):>14}  {meaning}")
    say(f"computed {balance.generated_at.ToJsonString()}")


async def _balance() -> Any:
    """The newest snapshot; None before the first."""
    try:
        return (await send(balance_pb.GetBalanceRequest())).balance
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return None


@commands.command("totals")
def show_totals(
    period: Annotated[str, typer.Argument(help="The month, as in 2026-05.")],
    by: Annotated[
        str, typer.Option(help="product, project, kind, deployment or tenant.")
    ] = "product",
    count: Count = 50,
) -> None:
    """Show the totals of a month, largest first."""
    answer = call(pb.ListCostTotalsRequest(period=period, group_by=by, page_size=count))
    for total in answer.totals:
        group = f"{total.tenant_id} {total.group}".lstrip() or WITHOUT.get(by, f"of no {by}")
        say(f"{dollars(total.amount_usd):>14}  {total.line_count:>9,}  {group}")
    if answer.HasField("total_usd"):
        say(f"{dollars(answer.total_usd):>14}  USD in total")
    else:
        say(f"No bill of {period} was ingested: its costs are unknown; {FETCH}.")


@commands.command("lines")
def list_lines(
    period: Period = "",
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    state: Annotated[str, typer.Option(help="Only with this match state.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant, including shares.")] = "",
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
    _list(request, NO_LINES)


@commands.command("unmatched")
def list_unmatched(period: Period = "", count: Count = 50) -> None:
    """List the lines without the resource that they need, with the reason."""
    listed = [
        _list(pb.ListCostLinesRequest(period=period, match_state=state, page_size=count))
        for state in ("ambiguous", "unmatched")
    ]
    unknown = pb.ListCostLinesRequest(period=period, classification=UNKNOWN, page_size=count)
    for product in sorted({line.product for line in call(unknown).cost_lines}):
        say(f"The product {product!r} is not known.")
    if any(listed):
        return
    known = call(pb.ListCostLinesRequest(period=period, page_size=1)).cost_lines
    say("Every line that needs a resource has one." if known else NO_LINES)


@commands.command("export")
def export_lines(
    period: Period = "",
    form: Annotated[str, typer.Option("--format", help="csv or focus.")] = "csv",
) -> None:
    """Write cost lines to standard output as CSV, in the native format or in FOCUS."""
    wanted = pb.ListCostLinesRequest(period=period)

    async def export() -> None:
        async for answer in stream(pb.ExportCostLinesRequest(filter=wanted, format=form)):
            sys.stdout.buffer.write(answer.chunk)
        sys.stdout.buffer.flush()

    run(export())


@commands.command("rematch")
def rematch(
    period: Period = "",
    invoice: Annotated[str, typer.Option(help="Only this invoice (our id).")] = "",
) -> None:
    """Match lines again without ingesting: of an invoice, of a month, or all."""
    request = invoices_pb.RematchCostLinesRequest(period=period, provider_invoice_id=invoice)
    say(f"started {call(request).run.workflow_id}; follow it in Temporal's UI")


def _list(request: pb.ListCostLinesRequest, empty: str = "") -> int:
    """Prints the lines and returns how many; a separate note says when there are more."""
    answer = call(request)
    printed = say_all(map(_line, answer.cost_lines), empty)
    if answer.next_page_token:
        say(f"… and more; printed {printed}; --count takes up to 500.", error=True)
    return printed


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
