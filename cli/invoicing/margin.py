"""`arcadia margin`: revenue, costs and margin, as tables and charts."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

import typer
from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.billing.v1.cost_service_pb2 import ListDailyCostsRequest
from rich.text import Text

from cli.caller import call
from cli.deployments import deployment_id
from cli.options import Deployment, Tenant, command_group, read
from cli.output import NOBODY, UNKNOWN, instant, money, print_list, print_table, say
from cli.runs import run_workflow
from contracts.metering import margin_refresh
from services.common.values.money import amount_text
from services.common.values.periods import month_of, read_month
from workflows.metering.metering import MarginRefresh

__all__ = ["Period", "commands", "missing_costs", "month_or_last", "print_conversion"]

commands = command_group("Show revenue, costs and margin.")

PAGE_SIZE: Final = 100
OWNERS: Final = ("internal", "unattributed")
READ_COSTS: Final = "`arcadia costs daily` reads the provider's daily costs."
METER: Final = "`arcadia usage meter` meters yesterday and today, and attributes the costs."
MAX_BAR_CELLS: Final = 24
REVENUE: Final = ("█", "green")
COSTS: Final = ("▒", "red")
"""The character and the style of bars: without colours the characters differ."""

Period = Annotated[str, typer.Option(help="The month, such as 2026-04; by default the last one.")]


@commands.command("show")
def show_margin(
    period: Period = "",
    by: Annotated[str, typer.Option(help="tenant or deployment.")] = "tenant",
) -> None:
    """Show a month: totals, parts and kinds."""
    if by not in ("tenant", "deployment"):
        raise typer.BadParameter("--by is tenant or deployment")
    answer = call(
        pb.GetMarginRequest(period=month_or_last(period).isoformat(), page_size=PAGE_SIZE)
    )
    states = f"revenue {answer.revenue_state}, costs {answer.cogs_state}"
    _print_whole(answer, f"{answer.period[:7]} ({states})")
    if not answer.HasField("as_of"):
        month = answer.period[:7]
        refresh = f"`arcadia margin refresh --period {month}` does."
        say(f"The margin of {month} is not computed yet; {refresh}", "yellow")
    _print_parts(answer, by)
    if getattr(answer, f"by_{by}_next_page_token"):
        say(f"… the {PAGE_SIZE} with the most revenue; the API lists the rest.")


@commands.command("accrual")
def show_accrual() -> None:
    """Show the accrual of the running month, not yet billed."""
    answer = call(pb.GetAccrualRequest(page_size=PAGE_SIZE))
    usage, missing = "no usage metered yet", [METER]
    if answer.HasField("usage_until"):
        usage, missing = f"usage until {instant(answer.usage_until)}", []
    costs = f"costs until {answer.costs_until}"
    if not answer.costs_until:
        read = call(ListDailyCostsRequest(from_day=answer.period, page_size=1)).daily_costs
        costs, missing = missing_costs(datetime.now(UTC).date(), are_read=bool(read))
    _print_whole(answer, f"{answer.period[:7]} ({usage}, {costs})")
    for hint in missing:
        say(hint, "yellow")
    _print_parts(answer, "tenant")
    for one in answer.failures:
        reason = f"{one.tenant_id} ({one.deployment_id}) could not be priced: {one.message}"
        say(reason, "yellow")


def missing_costs(today: date, *, are_read: bool) -> tuple[str, list[str]]:
    """The missing step of the running month's costs, and the command for it, in order."""
    if are_read:
        return "daily costs not attributed yet", [METER]
    if today.day == 1:
        return "no daily costs: the provider reports a day's on the next day", [METER]
    return "no daily costs read yet", [READ_COSTS, METER]


@commands.command("trend")
def show_trend(
    months: Annotated[int, typer.Option(help="How many months.", min=1, max=36)] = 12,
    tenant: Tenant = "",
    deployment: Deployment = "",
) -> None:
    """Show the margin over months."""
    last = month_of(month_or_last(""))
    first = last
    for _ in range(months - 1):
        first = first.preceding()
    request = pb.GetMarginTrendRequest(
        from_period=first.start.isoformat(),
        to_period=last.start.isoformat(),
        tenant_id=tenant,
        deployment_id=deployment_id(deployment, tenant),
    )
    answer = call(request)
    currency = answer.conversion.reporting_currency
    _print_rows(answer.months, "month", lambda one: Text(one.period[:7]), currency)
    print_conversion(answer.conversion)


@commands.command("differences")
def show_differences(period: Period = "", tenant: Tenant = "") -> None:
    """Show the differences between inventory, bill and usage of a closed month."""
    request = pb.ListReconciliationDifferencesRequest(
        period=month_or_last(period).isoformat(), tenant_id=tenant, page_size=PAGE_SIZE
    )
    answer = call(request)
    say(f"{answer.agreed_count:,} resources agree, {answer.difference_count:,} do not.")
    print_list(
        {
            "difference": "difference_type",
            "resource": lambda one: f"{one.kind} {one.name}",
            "tenant": lambda one: one.tenant_id or NOBODY,
            "USD": lambda one: (
                one.provider_amount_usd if one.HasField("provider_amount_usd") else UNKNOWN
            ),
            "why": "explanation",
        },
        answer.differences,
        folded=True,
    )


@commands.command("refresh")
def refresh_margin(period: Period = "") -> None:
    """Recompute a month from its bill and invoices, or join the active run."""
    run_workflow("refresh", margin_refresh(month_or_last(period)), MarginRefresh.run)


def month_or_last(text: str) -> date:
    """The first day of a month; of the last one by default."""
    if not text:
        return month_of(datetime.now(UTC)).preceding().start
    return read(read_month, text, "period").start


def _print_whole(answer: Any, title: str) -> None:
    say(title, "bold underline")
    percent = f" ({answer.margin_percent} %)" if answer.HasField("margin_percent") else ""
    currency = answer.conversion.reporting_currency
    revenue, costs, margin = _amounts(answer, currency)
    say(f"revenue {revenue} - costs {costs} = margin {margin}{percent} {currency}")
    print_conversion(answer.conversion)


def print_conversion(conversion: Any) -> None:
    """Prints the exchange rates of amounts, or that a rate was assumed."""
    for rate in conversion.exchange_rates:
        say(
            f"1 {rate.from_currency} = {rate.rate} {rate.to_currency}"
            f" since {rate.effective_from} {rate.source}".rstrip()
        )
    if conversion.parity_assumed:
        say("No exchange rate is set: a rate of 1 was assumed.", "yellow")


def _print_parts(answer: Any, by: str) -> None:
    """The shares of the tenants or deployments, the kinds, and how shared costs were split."""
    currency = answer.conversion.reporting_currency
    _print_rows(getattr(answer, f"by_{by}"), by, _owner, currency)
    _print_kinds("sold", answer.by_kind.revenue, REVENUE, currency)
    _print_kinds("bought", answer.by_kind.cogs, COSTS, currency)
    _print_splits(answer.shared_costs)


def _print_kinds(title: str, axis: Any, cells: tuple[str, str], currency: str) -> None:
    largest = max((abs(one.amount_cents) for one in axis), default=0)
    print_list(
        {
            title: "kind",
            "amount": lambda one: amount_text(one.amount_cents, currency),
            "": lambda one: _bar(one.amount_cents, largest, cells),
        },
        axis,
        folded=True,
    )


def _owner(share: Any) -> Text:
    if share.attribution in OWNERS:
        return Text(share.attribution, style="dim")
    return Text(f"{share.tenant_id} {share.deployment_id}".rstrip())


def _print_rows(rows: Any, first: str, name: Callable[[Any], Text], currency: str) -> None:
    """Amounts with a chart: revenue above, costs below, on the same scale."""
    largest = max((max(abs(one.revenue_cents), abs(one.cogs_cents)) for one in rows), default=0)

    def chart(one: Any) -> Text:
        bars = (_bar(one.revenue_cents, largest, REVENUE), _bar(one.cogs_cents, largest, COSTS))
        return Text("\n").join(drawn for drawn in bars if drawn)

    print_table(
        (first, "revenue", "costs", "margin", "%", ""),
        (
            (
                name(one),
                *_amounts(one, currency),
                one.margin_percent if one.HasField("margin_percent") else "",
                chart(one),
            )
            for one in rows
        ),
        folded=True,
    )
    if largest:
        negative = any(one.revenue_cents < 0 or one.cogs_cents < 0 for one in rows)
        below = "; dim bars are negative" if negative else ""
        say(Text.assemble(REVENUE, " revenue, ", COSTS, f" costs, same scale{below}"))


def _amounts(one: Any, currency: str) -> list[str]:
    """Revenue, costs and margin."""
    return [money(one, f"{name}_cents", currency) for name in ("revenue", "cogs", "margin")]


def _bar(amount: int, largest: int, cells: tuple[str, str]) -> Text:
    """A bar in proportion to the largest amount; dim for negative values."""
    if not largest or not amount:
        return Text("")
    cell, style = cells
    count = max(1, round(abs(amount) * MAX_BAR_CELLS / largest))
    return Text(cell * min(count, MAX_BAR_CELLS), style=style if amount > 0 else f"dim {style}")


def _print_splits(splits: Any) -> None:
    """How shared costs were split, and problems with it."""
    rows = []
    for one in splits:
        remarks = [one.remark] if one.remark else []
        if one.unkeyed_owner_count:
            remarks.append(
                f"{one.unkeyed_owner_count:,} owners of droplets have no share: bytes unknown"
            )
        key = "nothing: unattributed" if one.split_key == "none" else one.split_key
        warning = Text("; ".join(remarks), style="yellow")
        rows.append((one.kind, one.amount_usd, key.replace("_", " "), warning))
    print_table(("shared", "USD", "split by", ""), rows, folded=True)
