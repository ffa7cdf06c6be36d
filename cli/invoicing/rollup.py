"""`arcadia rollup`: starts, monitors and decides on month-end roll-ups."""

import asyncio
from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.analytics.v1 import rollups_pb2
from arcadia.analytics.v1 import unbilled_usage_service_pb2 as unbilled_pb
from arcadia.analytics.v1 import usage_service_pb2 as usage_pb
from rich.console import Console
from rich.text import Text

from cli.caller import call, pages, run, send
from cli.options import Deployment, Month, OnlyMonth, Tenant, command_group
from cli.output import UNKNOWN, counts, dimensions_text, instant, print_list, say
from cli.runs import details, follow
from services.common.durable import connect
from services.common.settings import Settings
from services.common.values.money import money_text, whole_cents
from services.common.values.periods import read_month

__all__ = ["commands"]

commands = command_group("Draft, approve and issue the invoices of a month.")

POLL_SECONDS: Final = 0.5
STYLES: Final = {"completed": "green", "failed": "red", "undone": "red"}
SETTLED: Final = ("completed", "failed", "undone", "awaiting_approval")
"""The states that need an operator, or are final."""

Identifier = Annotated[str, typer.Argument(help="The roll-up's id, from `rollup status`.")]
Follow = Annotated[bool, typer.Option(help="Wait until it completes or needs a decision.")]


@commands.command("run")
def run_rollup(
    period: Month,
    force: Annotated[bool, typer.Option(help="Replace existing drafts.")] = False,
    without_bill: Annotated[
        bool,
        typer.Option(
            "--without-bill",
            help="Bill tenants that wait for the provider's bill now; its costs follow later.",
        ),
    ] = False,
    follow: Follow = True,
) -> None:
    """Start the roll-up of a month now, or join the active one."""
    request = pb.StartRollupRequest(period=period, force=force, without_bill=without_bill)
    _follow(call(request).rollup, wait=follow)


@commands.command("status")
def show_status(
    rollup_id: Annotated[str, typer.Argument(help="Show this one with its failures.")] = "",
    period: OnlyMonth = "",
) -> None:
    """Show roll-ups, newest first, or one with its failed tenants."""
    if rollup_id:
        _print(call(pb.GetRollupRequest(id=rollup_id)).rollup)
        _print_failures(rollup_id)
        return
    rollups = call(pb.ListRollupsRequest(period=period, page_size=20)).rollups
    for rollup in rollups:
        _print(rollup)
    if not rollups:
        say("There is no such roll-up." if period else "No month was rolled up yet.")


@commands.command("unbilled")
def list_unbilled(period: Month, tenant: Tenant = "", deployment: Deployment = "") -> None:
    """List usage that no subscription bills, by deployment, kind and day, at the resource price."""
    request = unbilled_pb.ListUnbilledUsageRequest(
        period=period, tenant_id=tenant, deployment_id=deployment
    )
    unbilled = pages(request, "unbilled_usage")
    if not unbilled:
        say(_none_unbilled(period))
    print_list(
        {
            "tenant": "tenant_id",
            "deployment": "deployment_id",
            "kind": "resource_kind",
            "dimensions": dimensions_text,
            "day": "day",
            "reason": "reason",
            "qty": "qty",
            "value": lambda one: (
                money_text(Decimal(one.value_cents), one.currency)
                if one.HasField("value_cents")
                else UNKNOWN
            ),
        },
        unbilled,
        optional=("dimensions", "qty", "reason", "deployment"),
    )


def _none_unbilled(period: str) -> str:
    """Why a month has no unbilled usage: without metered usage it is unknown."""
    month = read_month(period, "period")
    request = usage_pb.ListDailyUsageRequest(
        from_day=month.start.isoformat(), to_day=month.end.isoformat(), page_size=1
    )
    if call(request).daily_usage:
        return "There is no unbilled usage."
    code = month.code
    return f"No usage of {code} was metered; `arcadia usage meter --month {code}` meters it."


@commands.command("approve")
def approve_rollup(rollup_id: Identifier, follow: Follow = True) -> None:
    """Approve a roll-up, which then issues its drafts."""
    rollup = call(pb.ApproveRollupRequest(id=rollup_id)).rollup
    _follow(rollup, wait=follow, past="awaiting_approval")


@commands.command("undo")
def undo_rollup(
    rollup_id: Identifier,
    reason: Annotated[str, typer.Option(help="Why; kept with it.")],
    follow: Follow = True,
) -> None:
    """Undo a roll-up without issued invoices: void its drafts."""
    rollup = call(pb.UndoRollupRequest(id=rollup_id, reason=reason)).rollup
    _follow(rollup, wait=follow, past=rollup.status)


@commands.command("retry")
def retry_rollup(
    rollup_id: Identifier,
    tenant: Annotated[list[str] | None, typer.Option(help="Only this; may be repeated.")] = None,
    follow: Follow = True,
) -> None:
    """Retry failed tenants."""
    _follow(call(pb.RetryRollupRequest(id=rollup_id, tenant_ids=tenant or ())).rollup, wait=follow)


def _follow(rollup: rollups_pb2.Rollup, *, wait: bool, past: str = "") -> None:
    """Waits until the roll-up is `settled`; exits if it failed."""
    say(f"{rollup.run.workflow_id} · roll-up {rollup.id}")
    if wait:
        rollup = run(settled(rollup, past))
    _print(rollup)
    if rollup.failed_count or rollup.waiting_count:
        _print_failures(rollup.id)
    if rollup.status == "failed":
        raise typer.Exit(1)


async def settled(rollup: rollups_pb2.Rollup, past: str) -> Any:
    """Waits for a final state, or one that needs an operator, other than `past`.

    Shows the progress meanwhile.
    """

    async def settling() -> Any:
        now = rollup
        while now.status not in SETTLED or now.status == past:
            await asyncio.sleep(POLL_SECONDS)
            # A roll-up may take longer than a token is valid: each call has its own.
            now = (await send(pb.GetRollupRequest(id=rollup.id))).rollup
        return now

    try:
        client = await connect(Settings())
    except RuntimeError:
        # Analytics stores the roll-up, so its state is known without Temporal.
        return await settling()
    handle = client.get_workflow_handle(rollup.run.workflow_id)
    return await follow(Console(), settling(), lambda: details(client, handle))


def _print(rollup: rollups_pb2.Rollup) -> None:
    done = counts(
        (rollup.tenant_count, "tenants"),
        (rollup.drafted_count, "drafted"),
        (rollup.skipped_count, "skipped"),
        (rollup.failed_count, "failed"),
        (rollup.waiting_count, "waiting for the bill"),
        (rollup.issued_count, "issued"),
        (rollup.handed_over_count, "handed over"),
    )
    say(
        Text.assemble(
            f"{rollup.id}  {rollup.period[:7]}  {instant(rollup.started_at)}  ",
            (rollup.status.replace("_", " "), STYLES.get(rollup.status, "yellow")),
            f" ({done})" if done else "",
            "".join(f" · {money_text(one.total_cents, one.currency)}" for one in rollup.totals),
            f": {rollup.reason}" if rollup.reason else "",
        )
    )
    if rollup.without_bill:
        say("  bills without the provider's bill if that is not there")
    for note in rollup.freshness_notes:
        say(f"  when it began, {note}")
    if rollup.unbilled.usage_count:
        say(f"  {_unbilled(rollup)}")


def _unbilled(rollup: rollups_pb2.Rollup) -> str:
    """The unbilled usage of a month, as one line of text."""
    total = rollup.unbilled
    # The value is exact; round it to minor units for the text.
    value = money_text(whole_cents(Decimal(total.value_cents)), total.currency)
    worth = f"{value} at the resource price"
    unpriced = f", {total.unpriced_count:,} figures without a price" if total.unpriced_count else ""
    return (
        f"unbilled: {total.usage_count:,} figures of {total.deployment_count:,} deployments,"
        f" {worth}{unpriced}; `arcadia rollup unbilled {rollup.period[:7]}` lists them"
    )


def _print_failures(rollup_id: str) -> None:
    for failure in pages(pb.ListRollupFailuresRequest(rollup_id=rollup_id), "failures"):
        where = f" ({failure.deployment_id})" if failure.deployment_id else ""
        say(f"  {failure.tenant_id}{where}: {failure.reason}: {failure.message}")
