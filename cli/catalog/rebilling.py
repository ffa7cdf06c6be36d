"""`arcadia catalog rebilling`: rules that sell the provider's charges at a percentage on top."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import rebilling_service_pb2 as pb

from cli.caller import call, pages
from cli.options import command_group, read
from cli.output import print_list
from services.common.values.periods import read_month

__all__ = ["commands"]

commands = command_group("Show, set and end rules that price what the provider charges.")

Code = Annotated[str, typer.Argument(help="The rule's code.")]
On = Annotated[str, typer.Option(help="Only those in force on this day, an ISO date.")]
Month = Annotated[str, typer.Option(help="The first month without it, such as 2027-03.")]
Scope = Annotated[
    list[str] | None,
    typer.Option(
        "--match", help="The scope, such as `tenant=acme` or `sku=gpu-*,c-4`; repeatable."
    ),
]


@commands.command("list")
def list_rules(on: On = "") -> None:
    """List the rules by code, newest first."""
    _print(pages(pb.ListRebillingRulesRequest(in_force_on=on), "rebilling_rules"))


@commands.command("set")
def set_rule(
    code: Code,
    basis: Annotated[str, typer.Argument(help="`list`, the list price, or `bill`, the bill.")],
    percent: Annotated[str, typer.Argument(help="Percent on top of the cost.")],
    currency: Annotated[str, typer.Argument(help="ISO 4217, such as AUD.")],
    since: Annotated[
        str, typer.Argument(help="The first month, such as 2026-12; not before the current one.")
    ],
    until: Month = "",
    match: Scope = None,
    fixed_cents: Annotated[str, typer.Option(help="Added for each unit.")] = "",
    step_cents: Annotated[str, typer.Option(help="Round prices to a multiple of this.")] = "",
    floor_cents: Annotated[str, typer.Option(help="The lowest price.")] = "",
    takes_all: Annotated[
        bool, typer.Option("--takes-all", help="Price all usage in scope, covered or not.")
    ] = False,
    late_bill: Annotated[
        str,
        typer.Option(help="For `bill`, if the bill is late: `wait` or `next_month`."),
    ] = "",
) -> None:
    """Set a rule from a month on; a rule of the same code ends there."""
    request = pb.CreateRebillingRuleRequest(
        code=code,
        basis=basis,
        percent=percent,
        currency=currency,
        effective_from=_first_day(since),
        effective_to=_first_day(until),
        fixed_cents=fixed_cents,
        step_cents=step_cents,
        floor_cents=floor_cents,
        takes_all=takes_all,
        late_bill=late_bill,
    )
    for one in match or ():
        key, is_pair, value = one.partition("=")
        if not is_pair:
            raise typer.BadParameter(f"{one!r} is not like tenant=acme")
        request.match[key].list_value.extend(value.split(","))
    _print([call(request).rebilling_rule])


@commands.command("end")
def end_rule(
    code: Code,
    until: Annotated[str, typer.Argument(help="The first month without it, such as 2027-03.")],
) -> None:
    """End a rule before a month; withdraw it if it has not begun by then."""
    _print(
        [call(pb.EndRebillingRuleRequest(code=code, effective_to=_first_day(until))).rebilling_rule]
    )


def _first_day(month: str) -> str:
    """The first day of a month as the API takes it; empty for none."""
    return read(read_month, month, "month").start.isoformat() if month else ""


def _print(rules: list[pb.RebillingRule]) -> None:
    print_list(
        {
            "rule": "code",
            "basis": "basis",
            "of": _scope,
            "percent": "percent",
            "fixed": "fixed_cents",
            "step": "step_cents",
            "floor": "floor_cents",
            "in": "currency",
            "takes": lambda one: "all" if one.takes_all else "the rest",
            "late bill": "late_bill",
            "from": "effective_from",
            "to": "effective_to",
        },
        rules,
        "There are no rebilling rules.",
        optional=("step", "floor", "late bill", "fixed", "takes", "to"),
    )


def _scope(rule: pb.RebillingRule) -> str:
    return ", ".join(
        f"{key} {'|'.join(one.string_value for one in value.list_value.values)}"
        for key, value in sorted(rule.match.items())
    )
