"""`arcadia drift`: what is not as it was asked for, and what is decided about it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1.drift_service_pb2_grpc import DriftServiceStub
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from cli.caller import ask_as_operator
from cli.following import doings_of, followed
from cli.tables import print_unfolded
from cli.values import NOBODY, json_value
from services.common.settings import Service, Settings
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftOutcome
from workflows.durable.connection import connect
from workflows.sync.starts import UnknownKind, drift_sweep, start_drift_sweep

if TYPE_CHECKING:
    from arcadia.inventory.v1.drift_service_pb2_grpc import DriftServiceAsyncStub

__all__ = ["commands"]

commands = typer.Typer(
    help="What is not as it was asked for, and what is decided about it.", no_args_is_help=True
)

PAGE_SIZE: Final = 100
STYLES: Final = {"open": "yellow", "accepted": "green", "reverted": "green", "stale": "dim"}
OUTCOMES: Final = {"completed": "green", "frozen": "yellow"}

Ask = Callable[["DriftServiceAsyncStub", Any], Awaitable[Any]]


@commands.command("list")
def list_drifts(
    status: Annotated[str, typer.Option(help="open, accepted, reverted, stale, or any.")] = "open",
    kind: Annotated[str, typer.Option(help="Only of this kind of resource.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant's resources.")] = "",
    field: Annotated[str, typer.Option(help="Only on this field.")] = "",
    muted: Annotated[
        bool | None, typer.Option("--muted/--unmuted", help="Only the muted, or only the others.")
    ] = None,
) -> None:
    """List drifts, newest found first, with their price and cause."""
    wanted = {
        "status": status,
        "kind": kind,
        "tenant_id": tenant,
        "field": field,
        "muted": "" if muted is None else str(muted).lower(),
    }

    async def ask(stub: "DriftServiceAsyncStub", metadata: Any) -> list[drift_pb2.Drift]:  # noqa: ANN401
        drifts: list[drift_pb2.Drift] = []
        token = ""
        while True:
            request = pb.ListDriftsRequest(page_size=PAGE_SIZE, page_token=token, **wanted)
            answer = await stub.ListDrifts(request, metadata=metadata)
            drifts += answer.drifts
            token = answer.next_page_token
            if not token:
                return drifts

    drifts = _asked(ask)
    console = Console()
    if drifts:
        print_unfolded(_table(drifts))
    else:
        console.print("Nothing drifts." if status == "open" else "There is no such drift.")


@commands.command("accept")
def accept_drift(
    drift_id: Annotated[str, typer.Argument(help="The drift's id, as `drift list` shows it.")],
) -> None:
    """Make the live value the desired one."""

    async def ask(stub: "DriftServiceAsyncStub", metadata: Any) -> pb.AcceptDriftResponse:  # noqa: ANN401
        request = pb.AcceptDriftRequest(id=drift_id, request_id=str(uuid.uuid4()))
        return await stub.AcceptDrift(request, metadata=metadata)

    answer = _asked(ask)
    Console().print(
        f"{answer.drift.resource_name}: {answer.drift.field} is to be"
        f" {_shown(answer.drift.actual)} (version {answer.spec.spec_version} of its spec)",
        markup=False,
    )


@commands.command("revert")
def revert_drift(
    drift_id: Annotated[str, typer.Argument(help="The drift's id, as `arcadia drift list` shows.")],
) -> None:
    """Start the work that makes the cloud match the spec again; see it in the Temporal UI."""

    async def ask(stub: "DriftServiceAsyncStub", metadata: Any) -> pb.RevertDriftResponse:  # noqa: ANN401
        return await stub.RevertDrift(pb.RevertDriftRequest(id=drift_id), metadata=metadata)

    drift = _asked(ask).drift
    typer.echo(f"{drift.revert_run.workflow_id} · run {drift.revert_run.run_id}")


@commands.command("mute")
def mute_field(
    kind: Annotated[str, typer.Argument(help="The kind of resource.")],
    field: Annotated[str, typer.Argument(help="The field, as `drift list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; shown with what it mutes.")],
    tenant: Annotated[str, typer.Option(help="Only this tenant's resources.")] = "",
    resource: Annotated[str, typer.Option(help="Only the resource with this id.")] = "",
    days: Annotated[float, typer.Option(help="For so many days; for good when 0.", min=0)] = 0,
) -> None:
    """Mute a field: its drifts are still found and listed, as muted."""
    until = None
    if days:
        until = Timestamp()
        until.FromDatetime(datetime.now(UTC) + timedelta(days=days))

    async def ask(stub: "DriftServiceAsyncStub", metadata: Any) -> pb.CreateIgnoreRuleResponse:  # noqa: ANN401
        request = pb.CreateIgnoreRuleRequest(
            kind=kind,
            field=field,
            tenant_id=tenant,
            resource_id=resource,
            expires_at=until,
            reason=reason,
            request_id=str(uuid.uuid4()),
        )
        return await stub.CreateIgnoreRule(request, metadata=metadata)

    rule = _asked(ask).ignore_rule
    Console().print(f"rule {rule.id} mutes {rule.muted_count} open drifts now")


@commands.command("sweep")
def sweep_drift(
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
) -> None:
    """Compare the specs with the inventory now, or join the sweep that runs."""
    if not asyncio.run(_sweep(Settings(), kind or ())):
        raise typer.Exit(1)


async def _sweep(settings: Settings, kinds: Sequence[str]) -> bool:
    """Whether every kind was compared."""
    console = Console()
    try:
        request = drift_sweep(kinds)
    except UnknownKind as error:
        raise typer.BadParameter(str(error)) from None
    try:
        client = await connect(settings)
        handle = await start_drift_sweep(client, request)
        console.print(f"{handle.id} · run {handle.first_execution_run_id}")
        try:
            told = await followed(console, handle.result(), lambda: doings_of(handle))
            succeeded = True
        except WorkflowFailureError as error:
            console.print(f"[red]The sweep failed:[/] {escape(str(error.cause))}")
            told, succeeded = await handle.query(DriftSweep.progress), False
    except (RuntimeError, RPCError) as error:
        console.print(f"[red]Temporal at {settings.temporal()} does not answer:[/] {error}")
        return False
    for outcome in told.outcomes:
        console.print(_ended(outcome))
    console.print(told.causes.in_words())
    return succeeded


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the inventory answers to an operator; ends the program when it refuses."""
    return ask_as_operator(
        Service.INVENTORY, lambda channel, metadata: ask(DriftServiceStub(channel), metadata)
    )


def _table(drifts: Sequence[drift_pb2.Drift]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "resource", "tenant", "field", "desired", "live", "found", "USD/month"):
        table.add_column(heading, overflow="fold", justify="right" if "USD" in heading else "left")
    table.add_column("cause", overflow="fold")
    table.add_column("status", no_wrap=True)
    for drift in drifts:
        table.add_row(
            Text(drift.id),
            Text(f"{drift.resource_kind} {drift.resource_name or drift.provider_id}"),
            Text(drift.tenant_id or NOBODY),
            Text(drift.field),
            Text(_shown(drift.expected)),
            Text(_shown(drift.actual)),
            Text(f"{drift.detected_at.ToDatetime(UTC):%Y-%m-%d %H:%M}"),
            Text(_cost(drift)),
            Text(_cause(drift)),
            Text(_status(drift), style=STYLES.get(drift.status, "")),
        )
    return table


def _shown(value: Any) -> str:  # noqa: ANN401
    plain = json_value(value)
    return plain if isinstance(plain, str) else orjson.dumps(plain).decode()


def _cost(drift: drift_pb2.Drift) -> str:
    if not drift.HasField("cost"):
        return "?"
    delta = drift.cost.delta_monthly_usd
    return delta if delta.startswith("-") else f"+{delta}"


def _cause(drift: drift_pb2.Drift) -> str:
    if not drift.HasField("cause"):
        return ""
    at = drift.cause.occurred_at.ToDatetime(UTC)
    return f"{drift.cause.action_type} {at:%Y-%m-%d %H:%M} (action {drift.cause.action_id})"


def _status(drift: drift_pb2.Drift) -> str:
    return f"{drift.status}, muted" if drift.muted_by_rule_id else drift.status


def _ended(outcome: DriftOutcome) -> Text:
    return Text(outcome.in_words(), style=OUTCOMES.get(outcome.outcome, "red"))
