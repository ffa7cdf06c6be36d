"""`arcadia rollup`: the month's end, started, followed and steered."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import grpc
import typer
from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.analytics.v1 import rollups_pb2
from arcadia.analytics.v1 import unbilled_usage_service_pb2 as unbilled_pb
from arcadia.analytics.v1 import usage_service_pb2 as usage_pb
from arcadia.analytics.v1.rollup_service_pb2_grpc import RollupServiceStub
from arcadia.analytics.v1.unbilled_usage_service_pb2_grpc import UnbilledUsageServiceStub
from arcadia.analytics.v1.usage_service_pb2_grpc import UsageServiceStub
from rich.console import Console
from rich.text import Text

from cli.caller import Metadata, ask_as_operator, operator_metadata
from cli.following import doings_of, followed
from cli.invoicing.analytics import UNKNOWN, asked, table_of
from cli.tables import print_unfolded
from services.common.settings import Service, Settings
from services.common.values.money import money_text, whole_cents
from services.common.values.periods import read_month
from workflows.durable.connection import connect

if TYPE_CHECKING:
    from arcadia.analytics.v1.rollup_service_pb2_grpc import RollupServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="The month's end: invoices drafted, approved, issued.", no_args_is_help=True
)

LOOK_SECONDS: Final = 0.5
STYLES: Final = {"completed": "green", "failed": "red", "undone": "red"}
AT_REST: Final = ("completed", "failed", "undone", "awaiting_approval")
MOST_FAILURES: Final = 500

Identifier = Annotated[str, typer.Argument(help="The roll-up's id, from `rollup status`.")]
Ask = Callable[["RollupServiceAsyncStub", Metadata], Awaitable[Any]]


@commands.command("run")
def run_rollup(
    period: Annotated[str, typer.Argument(help="The month, as in 2026-04.")],
    force: Annotated[bool, typer.Option(help="Replace drafts that exist.")] = False,
    follow: Annotated[bool, typer.Option(help="Wait until it rests.")] = True,
) -> None:
    """Roll a month up now, or join the roll-up of it that runs."""
    rollup = _asked_once(
        lambda key: (
            "StartRollup",
            pb.StartRollupRequest(period=period, force=force, request_id=key),
        )
    )
    _follow(rollup, follow=follow)


@commands.command("status")
def show_status(
    rollup_id: Annotated[str, typer.Argument(help="Show this one with its failures.")] = "",
    period: Annotated[str, typer.Option(help="Only of this month, as in 2026-04.")] = "",
) -> None:
    """Show roll-ups, newest first, or one with the tenants that failed."""
    console = Console()
    if rollup_id:
        _print(console, _get(rollup_id))
        _print_failures(console, rollup_id)
        return

    async def ask(stub: "RollupServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ListRollupsRequest(period=period, page_size=20)
        return (await stub.ListRollups(request, metadata=metadata)).rollups

    rollups = _asked(ask)
    for rollup in rollups:
        _print(console, rollup)
    if not rollups:
        console.print("There is no such roll-up." if period else "No month was rolled up yet.")


@commands.command("unbilled")
def list_unbilled(
    period: Annotated[str, typer.Argument(help="The month, as in 2026-04.")],
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of the deployment with this id.")] = "",
) -> None:
    """List usage that no subscription bills, by deployment, kind and day, at list price."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UnbilledUsageServiceStub(channel)
        found: list[Any] = []
        token = ""
        while True:
            request = unbilled_pb.ListUnbilledUsageRequest(
                period=period, tenant_id=tenant, deployment_id=deployment, page_size=MOST_FAILURES,
                page_token=token,
            )  # fmt: skip
            answer = await stub.ListUnbilledUsage(request, metadata=metadata)
            found += answer.unbilled_usage
            if not (token := answer.next_page_token):
                return found

    table = table_of("tenant", "deployment", "kind", "day", "qty", "value",
                     right=frozenset({"qty", "value"}))  # fmt: skip
    for one in asked(ask):
        table.add_row(
            Text(one.tenant_id),
            Text(one.deployment_id),
            one.resource_kind,
            one.day,
            one.qty,
            money_text(Decimal(one.value_cents), one.currency)
            if one.HasField("value_cents")
            else UNKNOWN,
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print(_none_unbilled(period), soft_wrap=True)


def _none_unbilled(period: str) -> str:
    """Why a month has no unbilled usage: a month of which nothing was metered is unknown."""
    month = read_month(period, "period")

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Any:  # noqa: ANN401
        request = usage_pb.ListDailyUsageRequest(
            from_day=month.start.isoformat(), to_day=month.end.isoformat(), page_size=1
        )
        return await UsageServiceStub(channel).ListDailyUsage(request, metadata=metadata)

    if asked(ask).daily_usage:
        return "There is no such usage: it is billed, or free by a trial."
    code = month.code
    return f"No usage of {code} was metered; `arcadia usage meter --month {code}` meters it."


@commands.command("approve")
def approve_rollup(
    rollup_id: Identifier,
    follow: Annotated[bool, typer.Option(help="Wait until it rests.")] = True,
) -> None:
    """Let a roll-up that awaits approval issue its drafts."""
    rollup = _asked_once(
        lambda key: ("ApproveRollup", pb.ApproveRollupRequest(id=rollup_id, request_id=key))
    )
    _follow(rollup, follow=follow, past="awaiting_approval")


@commands.command("undo")
def undo_rollup(
    rollup_id: Identifier,
    reason: Annotated[str, typer.Option(help="Why; kept with it.")],
    follow: Annotated[bool, typer.Option(help="Wait until it rests.")] = True,
) -> None:
    """Void the drafts of a roll-up of which nothing was issued."""
    rollup = _asked_once(
        lambda key: (
            "UndoRollup",
            pb.UndoRollupRequest(id=rollup_id, reason=reason, request_id=key),
        )
    )
    _follow(rollup, follow=follow, past=rollup.status)


@commands.command("retry")
def retry_rollup(
    rollup_id: Identifier,
    tenant: Annotated[list[str] | None, typer.Option(help="Only this; may be repeated.")] = None,
    follow: Annotated[bool, typer.Option(help="Wait until it rests.")] = True,
) -> None:
    """Try the tenants again that failed."""
    rollup = _asked_once(
        lambda key: (
            "RetryRollup",
            pb.RetryRollupRequest(id=rollup_id, tenant_ids=tenant or (), request_id=key),
        )
    )
    _follow(rollup, follow=follow)


def _follow(rollup: rollups_pb2.Rollup, *, follow: bool, past: str = "") -> None:
    """Waits until the work rests, in another state than `past`; fails when it failed."""
    console = Console()
    console.print(f"{rollup.run.workflow_id} · roll-up {rollup.id}", soft_wrap=True)
    if follow:
        rollup = _ran(console, rollup, past)
    _print(console, rollup)
    if rollup.failed_count:
        _print_failures(console, rollup.id)
    if rollup.status == "failed":
        raise typer.Exit(1)


def _ran(console: Console, rollup: rollups_pb2.Rollup, past: str) -> rollups_pb2.Rollup:
    """The roll-up once it rests, in another state than `past`; tells meanwhile what it does."""

    async def ask(stub: "RollupServiceAsyncStub", _: Metadata) -> Any:  # noqa: ANN401
        now = rollup

        async def resting() -> rollups_pb2.Rollup:
            nonlocal now
            while now.status not in AT_REST or now.status == past:
                await asyncio.sleep(LOOK_SECONDS)
                request = pb.GetRollupRequest(id=rollup.id)
                # A month's end may take longer than a token holds: each look has its own.
                metadata = operator_metadata(Settings())
                now = (await stub.GetRollup(request, metadata=metadata)).rollup
            return now

        try:
            client = await connect(Settings())
        except RuntimeError:
            # The roll-up is kept by the analytics: its state is known without Temporal.
            return await resting()
        handle = client.get_workflow_handle(rollup.run.workflow_id)
        return await followed(console, resting(), lambda: doings_of(handle))

    rested: rollups_pb2.Rollup = _asked(ask)
    return rested


def _get(rollup_id: str) -> rollups_pb2.Rollup:
    async def ask(stub: "RollupServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await stub.GetRollup(pb.GetRollupRequest(id=rollup_id), metadata=metadata)).rollup

    found: rollups_pb2.Rollup = _asked(ask)
    return found


def _asked_once(make: Callable[[str], tuple[str, Any]]) -> rollups_pb2.Rollup:
    """Sends a write under a key of its own; answers the roll-up."""
    method, request = make(str(uuid.uuid4()))

    async def ask(stub: "RollupServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return (await getattr(stub, method)(request, metadata=metadata)).rollup

    rollup: rollups_pb2.Rollup = _asked(ask)
    return rollup


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the analytics answer to an operator; ends the program when they refuse."""
    return ask_as_operator(
        Service.ANALYTICS, lambda channel, metadata: ask(RollupServiceStub(channel), metadata)
    )


def _print(console: Console, rollup: rollups_pb2.Rollup) -> None:
    told = ", ".join(
        f"{count:,} {word}"
        for count, word in (
            (rollup.tenant_count, "tenants"),
            (rollup.drafted_count, "drafted"),
            (rollup.skipped_count, "skipped"),
            (rollup.failed_count, "failed"),
            (rollup.issued_count, "issued"),
            (rollup.handed_over_count, "handed over"),
        )
        if count
    )
    totals = "".join(f" · {money_text(one.total_cents, one.currency)}" for one in rollup.totals)
    began = rollup.started_at.ToDatetime(UTC)
    console.print(
        Text.assemble(
            f"{rollup.id}  {rollup.period[:7]}  {began:%Y-%m-%d %H:%M}  ",
            (rollup.status.replace("_", " "), STYLES.get(rollup.status, "yellow")),
            f" ({told})" if told else "",
            totals,
            f": {rollup.reason}" if rollup.reason else "",
        ),
        soft_wrap=True,
    )
    for note in rollup.freshness_notes:
        console.print(f"  when it began, {note}", markup=False, soft_wrap=True)
    if rollup.unbilled.usage_count:
        console.print(f"  {_unbilled(rollup)}", soft_wrap=True)


def _unbilled(rollup: rollups_pb2.Rollup) -> str:
    """The unbilled usage of a month, as one line of text."""
    total = rollup.unbilled
    # A value is exact; whole minor units are enough for a line.
    worth = f"{money_text(whole_cents(Decimal(total.value_cents)), total.currency)} at list price"
    unpriced = f", {total.unpriced_count:,} figures without a price" if total.unpriced_count else ""
    return (
        f"unbilled: {total.usage_count:,} figures of {total.deployment_count:,} deployments,"
        f" {worth}{unpriced}; `arcadia rollup unbilled {rollup.period[:7]}` lists them"
    )


def _print_failures(console: Console, rollup_id: str) -> None:
    async def ask(stub: "RollupServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ListRollupFailuresRequest(rollup_id=rollup_id, page_size=MOST_FAILURES)
        return (await stub.ListRollupFailures(request, metadata=metadata)).failures

    for failure in _asked(ask):
        where = f" ({failure.deployment_id})" if failure.deployment_id else ""
        console.print(
            f"  {failure.tenant_id}{where}: {failure.reason}: {failure.message}",
            markup=False,
            soft_wrap=True,
        )
