"""`arcadia margin`: who makes or loses money, as tables and charts."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import grpc
import typer
from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1.margin_service_pb2_grpc import MarginServiceStub
from arcadia.billing.v1.cost_service_pb2 import ListDailyCostsRequest
from arcadia.billing.v1.cost_service_pb2_grpc import CostServiceStub
from rich.console import Console
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from cli.following import ran
from cli.invoicing.analytics import (
    COSTS,
    REVENUE,
    UNKNOWN,
    asked,
    bar,
    heading,
    money,
    table_of,
)
from cli.values import NOBODY
from services.common.errors import InvalidArgument
from services.common.settings import Service
from services.common.values.money import amount_text
from services.common.values.periods import month_of, read_month
from workflows.metering.starts import start_margin_refresh

__all__ = ["commands", "missing_costs"]

commands = typer.Typer(help="Who makes or loses money.", no_args_is_help=True)

PAGE_SIZE = 100
NUMBERS = frozenset({"revenue", "costs", "margin", "%"})
OWNERS = ("internal", "unattributed")
READ_COSTS = "`arcadia costs daily` reads the provider's daily costs."
METER = "`arcadia usage meter` meters yesterday and today, and brings the costs to their owners."

Period = Annotated[str, typer.Option(help="The month, as in 2026-04; the last one when left out.")]


@commands.command("show")
def show_margin(
    period: Period = "",
    by: Annotated[str, typer.Option(help="tenant or deployment.")] = "tenant",
) -> None:
    """Show a month: the whole, its parts and its kinds."""
    if by not in ("tenant", "deployment"):
        raise typer.BadParameter("--by is tenant or deployment")
    request = pb.GetMarginRequest(period=_month(period).isoformat(), page_size=PAGE_SIZE)

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        stub: Any = MarginServiceStub(channel)
        return await stub.GetMargin(request, metadata=metadata)

    answer = asked(ask)
    states = f"revenue {answer.revenue_state}, costs {answer.cogs_state}"
    _print_whole(answer, f"{answer.period[:7]} ({states})")
    if not answer.HasField("as_of"):
        month = answer.period[:7]
        Console().print(
            f"Nothing of {month} was computed yet: `arcadia margin refresh --period {month}` does.",
            style="yellow", highlight=False, soft_wrap=True,
        )  # fmt: skip
    currency = answer.conversion.reporting_currency
    _print_shares(answer.by_tenant if by == "tenant" else answer.by_deployment, by, currency)
    _print_kinds(answer.by_kind, currency)
    _print_splits(answer.shared_costs)
    if answer.by_tenant_next_page_token if by == "tenant" else answer.by_deployment_next_page_token:
        Console().print(f"… the {PAGE_SIZE} with the most revenue; the API lists the rest.")


@commands.command("accrual")
def show_accrual() -> None:
    """Show what the running month has come to, not yet billed."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        stub: Any = MarginServiceStub(channel)
        return await stub.GetAccrual(pb.GetAccrualRequest(page_size=PAGE_SIZE), metadata=metadata)

    answer = asked(ask)
    usage, missing = "no usage metered yet", [METER]
    if answer.HasField("usage_until"):
        usage = f"usage until {answer.usage_until.ToDatetime(UTC):%Y-%m-%d %H:%M}"
        missing = []
    costs = f"costs until {answer.costs_until}"
    if not answer.costs_until:
        costs, missing = missing_costs(datetime.now(UTC).date(), are_read=_are_costs_read(answer))
    _print_whole(answer, f"{answer.period[:7]} ({usage}, {costs})")
    for hint in missing:
        Console().print(hint, style="yellow", highlight=False, soft_wrap=True)
    currency = answer.conversion.reporting_currency
    _print_shares(answer.by_tenant, "tenant", currency)
    _print_kinds(answer.by_kind, currency)
    _print_splits(answer.shared_costs)
    for one in answer.failures:
        told = f"{one.tenant_id} ({one.deployment_id}) could not be priced: {one.message}"
        Console().print(told, style="yellow", markup=False, soft_wrap=True)


def missing_costs(today: date, *, are_read: bool) -> tuple[str, list[str]]:
    """Which step of the running month's costs is missing, and what to run, in order."""
    if are_read:
        return "daily costs not brought to their owners yet", [METER]
    if today.day == 1:
        return "no daily costs: the provider tells a day's on the next day", [METER]
    return "no daily costs read yet", [READ_COSTS, METER]


def _are_costs_read(accrual: pb.GetAccrualResponse) -> bool:
    """Whether billing has daily costs of the running month."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        request = ListDailyCostsRequest(from_day=accrual.period, page_size=1)
        return await CostServiceStub(channel).ListDailyCosts(request, metadata=metadata)

    return bool(ask_as_operator(Service.BILLING, ask).daily_costs)


@commands.command("trend")
def show_trend(
    months: Annotated[int, typer.Option(help="How many months.", min=1, max=36)] = 12,
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of the deployment with this id.")] = "",
) -> None:
    """Show the margin over months."""
    last = month_of(_month(""))
    first = last
    for _ in range(months - 1):
        first = first.preceding()
    request = pb.GetMarginTrendRequest(
        from_period=first.start.isoformat(), to_period=last.start.isoformat(),
        tenant_id=tenant, deployment_id=deployment,
    )  # fmt: skip

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        stub: Any = MarginServiceStub(channel)
        return await stub.GetMarginTrend(request, metadata=metadata)

    answer = asked(ask)
    currency = answer.conversion.reporting_currency
    _print_rows(answer.months, "month", lambda one: Text(one.period[:7]), currency)
    _print_conversion(answer.conversion)


@commands.command("differences")
def show_differences(
    period: Period = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
) -> None:
    """Show where inventory, the bill and the tenants' usage of a closed month disagree."""
    request = pb.ListReconciliationDifferencesRequest(
        period=_month(period).isoformat(), tenant_id=tenant, page_size=PAGE_SIZE
    )

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        stub: Any = MarginServiceStub(channel)
        return await stub.ListReconciliationDifferences(request, metadata=metadata)

    answer = asked(ask)
    table = table_of("difference", "resource", "tenant", "USD", "why", right=frozenset({"USD"}))
    for one in answer.differences:
        amount = one.provider_amount_usd if one.HasField("provider_amount_usd") else UNKNOWN
        table.add_row(
            one.difference_type, Text(f"{one.kind} {one.name}"), Text(one.tenant_id or NOBODY),
            amount, Text(one.explanation),
        )  # fmt: skip
    console = Console()
    console.print(f"{answer.agreed_count:,} resources agree, {answer.difference_count:,} do not.")
    if table.row_count:
        console.print(table)


@commands.command("refresh")
def refresh_margin(period: Period = "") -> None:
    """Compute a month anew from its bill and its invoices, or join the run that does."""
    month = _month(period)
    Console().print(ran(lambda client: start_margin_refresh(client, month)).in_words())


def _month(text: str) -> date:
    """The first day of a month; of the last one when none is named."""
    if not text:
        this = datetime.now(UTC).date().replace(day=1)
        return (this - timedelta(days=1)).replace(day=1)
    try:
        return read_month(text, "period").start
    except InvalidArgument as error:
        raise typer.BadParameter(error.message) from None


def _print_whole(answer: Any, title: str) -> None:  # noqa: ANN401
    console = Console()
    console.print(heading(title))
    percent = f" ({answer.margin_percent} %)" if answer.HasField("margin_percent") else ""
    currency = answer.conversion.reporting_currency
    revenue, costs, margin = (
        money(answer, field, currency) for field in ("revenue_cents", "cogs_cents", "margin_cents")
    )
    console.print(f"revenue {revenue} - costs {costs} = margin {margin}{percent} {currency}")
    _print_conversion(answer.conversion)


def _print_conversion(conversion: Any) -> None:  # noqa: ANN401
    console = Console()
    for rate in conversion.exchange_rates:
        console.print(
            f"1 {rate.from_currency} = {rate.rate} {rate.to_currency}"
            f" since {rate.effective_from} {rate.source}".rstrip()
        )
    if conversion.parity_assumed:
        console.print("No exchange rate is set: 1 to 1 was assumed.", style="yellow")


def _print_shares(shares: Any, by: str, currency: str) -> None:  # noqa: ANN401
    def name(one: Any) -> Text:  # noqa: ANN401
        if one.attribution in OWNERS:
            return Text(one.attribution, style="dim")
        return Text(f"{one.tenant_id} {one.deployment_id}".rstrip())

    _print_rows(shares, by, name, currency)


def _print_rows(rows: Any, first: str, name: Any, currency: str) -> None:  # noqa: ANN401
    """Amounts with a chart: revenue above, costs below, on one scale."""
    largest = max((max(abs(one.revenue_cents), abs(one.cogs_cents)) for one in rows), default=0)
    table = table_of(first, "revenue", "costs", "margin", "%", "", right=NUMBERS)
    for one in rows:
        bars = (bar(one.revenue_cents, largest, REVENUE), bar(one.cogs_cents, largest, COSTS))
        chart = Text("\n").join(drawn for drawn in bars if drawn)
        table.add_row(
            name(one),
            money(one, "revenue_cents", currency),
            money(one, "cogs_cents", currency),
            money(one, "margin_cents", currency),
            one.margin_percent if one.HasField("margin_percent") else "",
            chart,
        )
    if table.row_count:
        Console().print(table)
    if largest:
        below = "; dim where it is below zero" if any(map(_is_negative, rows)) else ""
        Console().print(
            Text.assemble(
                (REVENUE.cell, REVENUE.style), " revenue, ", (COSTS.cell, COSTS.style),
                f" costs, on one scale{below}",
            )
        )  # fmt: skip


def _is_negative(one: Any) -> bool:  # noqa: ANN401
    return bool(one.revenue_cents < 0 or one.cogs_cents < 0)


def _print_kinds(kinds: Any, currency: str) -> None:  # noqa: ANN401
    for title, axis, drawn in (("sold", kinds.revenue, REVENUE), ("bought", kinds.cogs, COSTS)):
        largest = max((abs(one.amount_cents) for one in axis), default=0)
        table = table_of(title, "amount", "", right=frozenset({"amount"}))
        for one in axis:
            chart = bar(one.amount_cents, largest, drawn)
            table.add_row(Text(one.kind), amount_text(one.amount_cents, currency), chart)
        if table.row_count:
            Console().print(table)


def _print_splits(splits: Any) -> None:  # noqa: ANN401
    """By what shared costs were split, and what of it is not as it should be."""
    table = table_of("shared", "USD", "split by", "", right=frozenset({"USD"}))
    for one in splits:
        remarks = [one.remark] if one.remark else []
        if one.unkeyed_owner_count:
            remarks.append(
                f"{one.unkeyed_owner_count:,} owners of droplets without known bytes bear nothing"
            )
        key = "nothing: unattributed" if one.split_key == "none" else one.split_key
        table.add_row(
            Text(one.kind), one.amount_usd, Text(key.replace("_", " ")),
            Text("; ".join(remarks), style="yellow"),
        )  # fmt: skip
    if table.row_count:
        Console().print(table)
