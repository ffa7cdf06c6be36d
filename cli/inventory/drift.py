"""`arcadia drift`: what differs from what was asked for, and what is decided about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
import typer
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import drift_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from cli.caller import call, pages
from cli.output import NOBODY, UNKNOWN, instant, json_value, print_table, run_text, say
from cli.runs import run_workflow
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftSweepResult
from workflows.sync.starts import UnknownKind, drift_sweep_by_hand

__all__ = ["commands", "status_of"]

commands = typer.Typer(
    help="What is not as it was asked for, and what is decided about it.", no_args_is_help=True
)

STYLES: Final = {"open": "yellow", "accepted": "green", "reverted": "green", "stale": "dim"}
OUTCOMES: Final = {"completed": "green", "frozen": "yellow"}
HEADINGS: Final = (
    *("id", "resource", "tenant", "field", "desired"),
    *("live", "found", "USD/month", "cause", "status"),
)

MAX_DAYS: Final = 3650
RULE_HEADINGS: Final = ("rule", "kind", "field", "of", "until", "mutes now", "by", "reason")

Drift = Annotated[str, typer.Argument(help="The drift's id, as `drift list` shows it.")]


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
    request = pb.ListDriftsRequest(
        status=status,
        kind=kind,
        tenant_id=tenant,
        field=field,
        muted="" if muted is None else str(muted).lower(),
    )
    empty = "Nothing drifts." if status == "open" else "There is no such drift."
    print_table(HEADINGS, map(_row, pages(request, "drifts")), empty)


@commands.command("accept")
def accept_drift(drift_id: Drift) -> None:
    """Make the live value the desired one."""
    answer = call(pb.AcceptDriftRequest(id=drift_id))
    say(
        f"{answer.drift.resource_name}: {answer.drift.field} is to be"
        f" {_text(answer.drift.actual)} (version {answer.spec.spec_version} of its spec)"
    )


@commands.command("revert")
def revert_drift(drift_id: Drift) -> None:
    """Start the work that makes the cloud match the spec again; see it in the Temporal UI."""
    say(run_text(call(pb.RevertDriftRequest(id=drift_id)).drift.revert_run))


@commands.command("mute")
def mute_field(
    kind: Annotated[str, typer.Argument(help="The kind of resource.")],
    field: Annotated[str, typer.Argument(help="The field, as `drift list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; shown with what it mutes.")],
    tenant: Annotated[str, typer.Option(help="Only this tenant's resources.")] = "",
    resource: Annotated[str, typer.Option(help="Only the resource with this id.")] = "",
    days: Annotated[
        float, typer.Option(help="For so many days; for good when 0.", min=0, max=MAX_DAYS)
    ] = 0,
) -> None:
    """Mute a field: its drifts are still found and listed, as muted."""
    until = None
    if days:
        until = Timestamp()
        until.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    request = pb.CreateIgnoreRuleRequest(
        kind=kind,
        field=field,
        tenant_id=tenant,
        resource_id=resource,
        expires_at=until,
        reason=reason,
    )
    rule = call(request).ignore_rule
    say(
        f"rule {rule.id} mutes {rule.muted_count} open drifts now;"
        f" `arcadia drift unmute {rule.id}` takes it back"
    )


@commands.command("rules")
def list_rules(
    kind: Annotated[str, typer.Option(help="Only for this kind of resource.")] = "",
    expired: Annotated[bool, typer.Option(help="Those that expired, too.")] = False,
) -> None:
    """List the rules that mute fields, newest first."""
    request = pb.ListIgnoreRulesRequest(kind=kind, include_expired=expired)
    rules = pages(request, "ignore_rules")
    print_table(RULE_HEADINGS, map(_rule_row, rules), empty="Nothing is muted.")


@commands.command("unmute")
def unmute_field(
    rule_id: Annotated[str, typer.Argument(help="The rule's id, as `drift rules` shows it.")],
) -> None:
    """Take a rule back: the drifts that it muted count as open again."""
    call(pb.DeleteIgnoreRuleRequest(id=rule_id))
    say(f"rule {rule_id} is gone")


@commands.command("sweep")
def sweep_drift(
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
) -> None:
    """Compare the specs with the inventory now, or join the sweep that runs."""
    try:
        start = drift_sweep_by_hand(kind or ())
    except UnknownKind as error:
        raise typer.BadParameter(str(error)) from None
    run_workflow(
        "sweep",
        start,
        DriftSweep.run,
        _show_outcomes,
        reached=DriftSweep.progress,
    )


def _show_outcomes(result: DriftSweepResult) -> None:
    for outcome in result.outcomes:
        say(outcome.in_words(), OUTCOMES.get(outcome.outcome, "red"))
    say(result.causes.in_words())


def _row(drift: drift_pb2.Drift) -> Iterator[str | Text]:
    yield drift.id
    yield f"{drift.resource_kind} {drift.resource_name or drift.provider_id}"
    yield drift.tenant_id or NOBODY
    yield drift.field
    yield _text(drift.expected)
    yield _text(drift.actual)
    yield instant(drift.detected_at)
    delta = drift.cost.delta_monthly_usd if drift.HasField("cost") else UNKNOWN
    yield delta if delta.startswith(("-", UNKNOWN)) else f"+{delta}"
    cause = drift.cause
    at = f"{cause.action_type} {instant(cause.occurred_at)} (action {cause.action_id})"
    yield at if drift.HasField("cause") else ""
    yield Text(status_of(drift), style=STYLES.get(drift.status, ""))


def status_of(drift: drift_pb2.Drift) -> str:
    """How a drift stands: open, muted, being reverted, or why it could not be."""
    words = [drift.status]
    if drift.muted_by_rule_id:
        words.append("muted")
    if drift.status == "open" and drift.revert_run.status == "running":
        words.append("being reverted")
    if drift.status == "open" and drift.revert_run.status == "failed":
        words.append(f"not reverted: {drift.revert_run.reason}")
    return ", ".join(words)


def _rule_row(rule: drift_pb2.IgnoreRule) -> Iterator[str]:
    yield rule.id
    yield rule.kind
    yield rule.field
    yield rule.resource_id or rule.tenant_id or "all"
    yield instant(rule.expires_at) if rule.HasField("expires_at") else "for good"
    yield f"{rule.muted_count:,}"
    yield rule.created_by
    yield rule.reason


def _text(value: Any) -> str:
    plain = json_value(value)
    return plain if isinstance(plain, str) else orjson.dumps(plain).decode()
