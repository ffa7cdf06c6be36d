"""`arcadia drift`: differences between specs and the live cloud, and decisions on them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
import typer
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import drift_service_pb2 as pb
from rich.text import Text

from cli.caller import call, pages
from cli.options import command_group
from cli.output import NOBODY, UNKNOWN, instant, json_value, print_list, run_text, say
from cli.runs import run_workflow
from services.common.rpc.wire import timestamp
from workflows.drift.drift_sweep import DriftSweep
from workflows.drift.payloads import DriftSweepResult
from workflows.sync.starts import UnknownKind, drift_sweep_by_hand

__all__ = ["commands", "status_of"]

commands = command_group("Show differences between specs and the live cloud, and decide on them.")

STYLES: Final = {"open": "yellow", "accepted": "green", "reverted": "green", "stale": "dim"}
OUTCOMES: Final = {"completed": "green", "frozen": "yellow"}

MAX_DAYS: Final = 3650

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
    """List drifts, newest first, with cost and cause."""
    request = pb.ListDriftsRequest(
        status=status,
        kind=kind,
        tenant_id=tenant,
        field=field,
        muted="" if muted is None else str(muted).lower(),
    )
    empty = "There are no open drifts." if status == "open" else "There is no such drift."
    print_list(
        {
            "id": "id",
            "resource": lambda one: f"{one.resource_kind} {one.resource_name or one.provider_id}",
            "tenant": lambda one: one.tenant_id or NOBODY,
            "field": "field",
            "desired": lambda one: _text(one.expected),
            "live": lambda one: _text(one.actual),
            "found": lambda one: instant(one.detected_at),
            "USD/month": _price,
            "cause": _cause,
            "status": lambda one: Text(status_of(one), style=STYLES.get(one.status, "")),
        },
        pages(request, "drifts"),
        empty,
    )


@commands.command("accept")
def accept_drift(drift_id: Drift) -> None:
    """Accept a drift: make the live value the desired one."""
    answer = call(pb.AcceptDriftRequest(id=drift_id))
    say(
        f"{answer.drift.resource_name}: {answer.drift.field} should be"
        f" {_text(answer.drift.actual)} (version {answer.spec.spec_version} of its spec)"
    )


@commands.command("revert")
def revert_drift(drift_id: Drift) -> None:
    """Start reverting a drift; its progress is in the Temporal UI."""
    say(run_text(call(pb.RevertDriftRequest(id=drift_id)).drift.revert_run))


@commands.command("mute")
def mute_field(
    kind: Annotated[str, typer.Argument(help="The kind of resource.")],
    field: Annotated[str, typer.Argument(help="The field, as `drift list` shows it.")],
    reason: Annotated[str, typer.Option(help="The reason, shown with muted drifts.")],
    tenant: Annotated[str, typer.Option(help="Only this tenant's resources.")] = "",
    resource: Annotated[str, typer.Option(help="Only the resource with this id.")] = "",
    days: Annotated[
        float, typer.Option(help="Days until the rule ends; 0 for no end.", min=0, max=MAX_DAYS)
    ] = 0,
) -> None:
    """Mute a field: its drifts are still detected, but listed as muted."""
    request = pb.CreateIgnoreRuleRequest(
        kind=kind,
        field=field,
        tenant_id=tenant,
        resource_id=resource,
        expires_at=timestamp(datetime.now(UTC) + timedelta(days=days)) if days else None,
        reason=reason,
    )
    rule = call(request).ignore_rule
    say(
        f"rule {rule.id} mutes {rule.muted_count} open drifts now;"
        f" `arcadia drift unmute {rule.id}` deletes it"
    )


@commands.command("rules")
def list_rules(
    kind: Annotated[str, typer.Option(help="Only for this kind of resource.")] = "",
    expired: Annotated[bool, typer.Option(help="Include expired rules.")] = False,
) -> None:
    """List the rules that mute fields, newest first."""
    request = pb.ListIgnoreRulesRequest(kind=kind, include_expired=expired)
    rules = pages(request, "ignore_rules")
    print_list(
        {
            "rule": "id",
            "kind": "kind",
            "field": "field",
            "of": lambda one: one.resource_id or one.tenant_id or "all",
            "until": _expiry,
            "mutes now": lambda one: f"{one.muted_count:,}",
            "by": "created_by",
            "reason": "reason",
        },
        rules,
        "Nothing is muted.",
    )


@commands.command("unmute")
def unmute_field(
    rule_id: Annotated[str, typer.Argument(help="The rule's id, as `drift rules` shows it.")],
) -> None:
    """Delete a rule; the drifts that it muted are open again."""
    call(pb.DeleteIgnoreRuleRequest(id=rule_id))
    say(f"deleted rule {rule_id}")


@commands.command("sweep")
def sweep_drift(
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
) -> None:
    """Compare the specs with the inventory now, or join the active sweep."""
    try:
        start = drift_sweep_by_hand(kind or ())
    except UnknownKind as error:
        raise typer.BadParameter(str(error)) from None
    run_workflow("sweep", start, DriftSweep.run, _show_outcomes, reached=DriftSweep.progress)


def _show_outcomes(result: DriftSweepResult) -> None:
    for outcome in result.outcomes:
        say(outcome.in_words(), OUTCOMES.get(outcome.outcome, "red"))
    say(result.causes.in_words())


def _price(drift: drift_pb2.Drift) -> str:
    delta = drift.cost.delta_monthly_usd if drift.HasField("cost") else UNKNOWN
    return delta if delta.startswith(("-", UNKNOWN)) else f"+{delta}"


def _cause(drift: drift_pb2.Drift) -> str:
    if not drift.HasField("cause"):
        return ""
    cause = drift.cause
    return f"{cause.action_type} {instant(cause.occurred_at)} (action {cause.action_id})"


def _expiry(rule: drift_pb2.IgnoreRule) -> str:
    return instant(rule.expires_at) if rule.HasField("expires_at") else "for good"


def status_of(drift: drift_pb2.Drift) -> str:
    """The status of a drift: open, muted, being reverted, or why the revert failed."""
    words = [drift.status]
    if drift.muted_by_rule_id:
        words.append("muted")
    if drift.status == "open" and drift.revert_run.status == "running":
        words.append("being reverted")
    if drift.status == "open" and drift.revert_run.status == "failed":
        words.append(f"not reverted: {drift.revert_run.reason}")
    return ", ".join(words)


def _text(value: Any) -> str:
    plain = json_value(value)
    return plain if isinstance(plain, str) else orjson.dumps(plain).decode()
