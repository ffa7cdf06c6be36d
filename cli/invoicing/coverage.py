"""`arcadia coverage`: what became of a month's costs and usage, and what is lost."""

from typing import Annotated, Any

import typer
from arcadia.analytics.v1 import coverage_service_pb2 as pb

from cli.caller import call
from cli.deployments import deployment_id
from cli.invoicing.margin import Period, month_or_last, print_conversion
from cli.options import Deployment, Tenant, command_group
from cli.output import NOBODY, UNKNOWN, money, print_list, say
from services.common.values.money import amount_text

__all__ = ["commands"]

commands = command_group("Show what became of costs and usage.")


@commands.command("show")
def show_coverage(period: Period = "") -> None:
    """Show what became of a month's costs and usage."""
    answer = call(pb.GetCoverageRequest(period=month_or_last(period).isoformat()))
    currency = answer.conversion.reporting_currency
    say(f"{answer.period[:7]} (costs {answer.costs_state})", "bold underline")
    print_conversion(answer.conversion)
    print_list(
        {
            "coverage": _coverage,
            "USD": "amount_usd",
            "amount": lambda one: amount_text(one.amount_cents, currency),
        },
        answer.costs,
    )
    if answer.HasField("amount_usd"):
        say(f"The bill: {answer.amount_usd} USD")
    print_list(
        {
            "usage": "resource_kind",
            "": _coverage,
            "quantity": "qty",
        },
        answer.usage,
    )


@commands.command("list")
def list_parts(
    period: Period = "",
    coverage: Annotated[str, typer.Option(help="Only what is `billed`, `unbilled`, …")] = "",
    tenant: Tenant = "",
    deployment: Deployment = "",
    losses: Annotated[bool, typer.Option("--losses", help="Only what is lost.")] = False,
) -> None:
    """List costs and usage by deployment and kind, the largest loss first."""
    request = pb.ListCoveragePartsRequest(
        period=month_or_last(period).isoformat(),
        coverage=coverage,
        tenant_id=tenant,
        deployment_id=deployment_id(deployment, tenant),
        losses_only=losses,
        page_size=500,
    )
    answer = call(request)
    currency = answer.conversion.reporting_currency
    print_conversion(answer.conversion)
    print_list(
        {
            "tenant": lambda one: f"{one.tenant_id} {one.deployment_id}".strip() or NOBODY,
            "kind": lambda one: one.kind or one.resource_kind,
            "coverage": _coverage,
            "quantity": lambda one: one.qty if one.HasField("qty") else UNKNOWN,
            "costs": lambda one: money(one, "cost_cents", currency),
            "revenue": lambda one: money(one, "revenue_cents", currency),
            "lost": lambda one: money(one, "lost_cents", currency),
            "lines": lambda one: str(len(one.invoice_line_ids) or ""),
        },
        answer.coverage_parts,
        "No costs or usage are known for this month.",
        folded=True,
        optional=("lines", "quantity", "revenue", "costs"),
    )
    if answer.next_page_token:
        say(f"… the {len(answer.coverage_parts)} with the largest losses; the API lists the rest.")


def _coverage(one: Any) -> str:
    return f"{one.coverage}: {one.reason.replace('_', ' ')}" if one.reason else one.coverage
