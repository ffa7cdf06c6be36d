"""`arcadia catalog simulate`: what a draft of the catalog would have earned."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from arcadia.analytics.v1 import simulation_service_pb2 as pb

from cli import caller
from cli.options import Tenant, text_of
from cli.output import UNKNOWN, money, print_table, say
from services.common.values.csv_lines import neutral
from services.common.values.money import amount_text, money_text

__all__ = ["simulate"]

SECONDS: Final = 600.0
"""The time limit of a page."""

SUBJECT: Final = {"tenant": "tenant_id", "deployment": "deployment_id", "meter": "meter"}

COLUMNS: Final = (
    "tenant_id", "deployment_id", "meter", "currency", "before_cents", "after_cents",
    "change_cents", "change_percent", "reporting_currency", "revenue_before_cents",
    "revenue_after_cents", "cost_cents", "margin_before_cents", "margin_after_cents",
    "margin_before_percent", "margin_after_percent", "below_floor_before", "below_floor_after",
)  # fmt: skip  # a table
"""The columns of the CSV form: one row per share and currency."""

TEXTS: Final = 4
"""The first columns, which are texts."""


def simulate(
    file: Annotated[
        Path | None,
        typer.Argument(help="A YAML file in the format of `export`.", exists=True, dir_okay=False),
    ] = None,
    plan: Annotated[str, typer.Option(help="Instead of a file: this plan, with --version.")] = "",
    version: Annotated[int, typer.Option(help="The plan's version, also a draft.", min=0)] = 0,
    months: Annotated[int, typer.Option(help="How many billed months.", min=1, max=24)] = 6,
    to: Annotated[str, typer.Option(help="The last of them, such as 2026-04.")] = "",
    by: Annotated[str, typer.Option(help="`tenant`, `deployment` or `meter`.")] = "tenant",
    tenant: Tenant = "",
    output: Annotated[
        Path | None, typer.Option("--csv", help="Write all rows to this CSV file.")
    ] = None,
) -> None:
    """Price the last billed months again by a draft; nothing is changed."""
    if file is None and not (plan and version):
        raise typer.BadParameter("Name a catalog file, or a plan with --plan and --version.")
    if file is not None and (plan or version):
        raise typer.BadParameter("Name a catalog file or --plan with --version, not both.")
    if by not in SUBJECT:
        raise typer.BadParameter(f"--by is {', '.join(SUBJECT)}, not {by!r}.")
    request = pb.SimulateCatalogRequest(
        document="" if file is None else text_of(file),
        plan_code=plan,
        plan_version=version,
        months=months,
        to_period=to,
        group_by=by,
        tenant_id=tenant,
    )
    answers = list(caller.answers(request, SECONDS))
    shares = _merged(answers) if by == "meter" else _of(answers, "simulated_shares")
    currency = answers[0].conversion.reporting_currency
    if output is not None:
        _write(output, shares, currency)
    _print(sorted(shares, key=_change, reverse=True), SUBJECT[by], currency)
    _print_summary(answers, shares, currency)


def _of(answers: Iterable[Any], field: str) -> list[Any]:
    return [one for answer in answers for one in getattr(answer, field)]


def _merged(answers: Sequence[Any]) -> list[Any]:
    """The meters of all pages, each of which has those of its tenants."""
    meters: defaultdict[str, list[Any]] = defaultdict(list)
    for share in _of(answers, "simulated_shares"):
        meters[share.meter].append(share)
    return [_sum(those) for those in meters.values()]


def _sum(shares: Sequence[Any]) -> pb.SimulatedShare:
    """The sum of shares; the percentages of one alone are kept."""
    if len(shares) == 1:
        return shares[0]  # type: ignore[no-any-return]
    total = pb.SimulatedShare(meter=shares[0].meter)
    revenues: dict[str, pb.SimulatedRevenue] = {}
    for share in shares:
        for one in share.revenues:
            sums = revenues.setdefault(one.currency, pb.SimulatedRevenue(currency=one.currency))
            for name in ("before_cents", "after_cents", "change_cents"):
                setattr(sums, name, getattr(sums, name) + getattr(one, name))
        for name in ("revenue_before_cents", "revenue_after_cents"):
            setattr(total, name, getattr(total, name) + getattr(share, name))
    for name in ("cost_cents", "margin_before_cents", "margin_after_cents"):
        if all(share.HasField(name) for share in shares):
            setattr(total, name, sum(getattr(share, name) for share in shares))
    total.revenues.extend(revenues[currency] for currency in sorted(revenues))
    return total


def _change(share: Any) -> int:
    return int(share.revenue_after_cents - share.revenue_before_cents)


def _print(shares: Iterable[Any], subject: str, currency: str) -> None:
    print_table(
        (subject.removesuffix("_id"), "billed", "by the draft", "change", "", "costs", "margin",
         "then", "floor"),
        (
            (
                getattr(share, subject),
                _amounts(share, "before_cents"),
                _amounts(share, "after_cents"),
                _amounts(share, "change_cents"),
                _percents(share),
                money(share, "cost_cents", currency),
                money(share, "margin_before_cents", currency),
                money(share, "margin_after_cents", currency),
                _floor(share),
            )
            for share in shares
        ),
        "Nothing was billed.",
    )  # fmt: skip  # a table


def _amounts(share: Any, field: str) -> str:
    return ", ".join(money_text(getattr(one, field), one.currency) for one in share.revenues)


def _percents(share: Any) -> str:
    return ", ".join(
        f"{one.change_percent} %" if one.HasField("change_percent") else UNKNOWN
        for one in share.revenues
    )


def _floor(share: Any) -> str:
    if not share.HasField("below_floor_after"):
        return UNKNOWN
    if not share.below_floor_after:
        return ""
    return "below" if share.below_floor_before else "falls below"


def _print_summary(answers: Sequence[Any], shares: Sequence[Any], currency: str) -> None:
    first = answers[0]
    before = sum(answer.total.revenue_before_cents for answer in answers)
    after = sum(answer.total.revenue_after_cents for answer in answers)
    say(
        f"{first.months[0][:7]} to {first.months[-1][:7]}: {money_text(before, currency)} billed,"
        f" {money_text(after, currency)} by the draft, {amount_text(after - before, currency)}"
    )
    costs = [answer.total for answer in answers]
    if all(total.HasField("cost_cents") for total in costs):
        cost = sum(total.cost_cents for total in costs)
        say(
            f"costs {money_text(cost, currency)}; margin {money_text(before - cost, currency)},"
            f" by the draft {money_text(after - cost, currency)}"
        )
    else:
        unknown = ", ".join(month[:7] for month in first.months_without_costs)
        say(f"The costs of {unknown} are not known yet, so the margin is not either.")
    more = sum(_change(share) > 0 for share in shares)
    falls = sum(share.below_floor_after and not share.below_floor_before for share in shares)
    say(f"{more} pay more; {falls} fall below the margin floor of {first.floor_percent} %")
    if first.conversion.parity_assumed:
        say("No exchange rate was set for some amounts: parity was assumed.", "yellow")
    left_out = sorted({code for answer in answers for code in answer.rules_left_out})
    if left_out:
        say(
            f"Left out of months in which no rule rebilled the cost lines: {', '.join(left_out)}.",
            "yellow",
        )
    failed = sum(answer.failure_count for answer in answers)
    if failed:
        say(f"{failed} months of deployments cannot be priced and are left out:", "yellow")
        for one in _of(answers, "failures"):
            where = f"{one.tenant_id} {one.deployment_id} {one.period[:7]}"
            say(f"    {where}: {one.message} ({one.reason})")


def _write(path: Path, shares: Iterable[Any], currency: str) -> None:
    """The first columns are texts, which a spreadsheet must not run; the others are numbers."""
    rows = [
        [str(_value(share, revenue, name, currency)) for name in COLUMNS]
        for share in shares
        for revenue in share.revenues or [pb.SimulatedRevenue()]
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([*map(neutral, row[:TEXTS]), *row[TEXTS:]] for row in rows)


def _value(share: Any, revenue: Any, name: str, currency: str) -> Any:
    if name == "reporting_currency":
        return currency
    message = revenue if name in revenue.DESCRIPTOR.fields_by_name else share
    field = message.DESCRIPTOR.fields_by_name[name]
    return getattr(message, name) if not field.has_presence or message.HasField(name) else ""
