"""`arcadia usage`: usage of deployments by day, and manual metering."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

import typer
from arcadia.analytics.v1 import usage_pb2
from arcadia.analytics.v1 import usage_service_pb2 as pb

from cli.caller import call, pages
from cli.deployments import deployment_id
from cli.options import Deployment, Tenant, command_group, read
from cli.output import NOBODY, dimensions_text, instant, print_list, print_table, say, say_all
from cli.runs import run_workflow
from contracts.metering import metering_by_hand
from services.common.rpc.wire import timestamp
from services.common.values.money import plain
from services.common.values.periods import read_day, read_month
from workflows.metering.metering import Metering

__all__ = ["commands", "days_of", "totals"]

commands = command_group("Show and meter the usage of deployments.")

DAYS_SHOWN: Final = 7
MAX_VOIDED_A_CALL: Final = 5_000
SECONDS_AN_HOUR: Final = 3_600
DAY: Final = "%Y-%m-%d"
SECOND: Final = "%Y-%m-%d %H:%M:%S"
TIMES: Final = [DAY, "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

Since = Annotated[str, typer.Option(help="From this day on; by default a week ago.")]
Dimensions = Annotated[
    list[str] | None,
    typer.Option(
        "--dimension",
        help="Only with this dimension, such as size=s-1vcpu-1gb or size=gpu-*; may be repeated.",
    ),
]
Until = Annotated[str, typer.Option(help="Up to this day, exclusive.")]


@commands.command("list")
def list_usage(
    tenant: Tenant = "",
    deployment: Deployment = "",
    kind: Annotated[str, typer.Option(help="Only this kind of usage.")] = "",
    dimension: Dimensions = None,
    since: Since = "",
    until: Until = "",
) -> None:
    """List usage per deployment, kind, dimensions and day, newest day first."""
    request = pb.ListDailyUsageRequest(
        tenant_id=tenant,
        deployment_id=deployment,
        resource_kind=kind,
        dimensions=";".join(dimension or ()),
        from_day=since or _a_week_ago(),
        to_day=until,
    )
    print_list(
        {
            "day": "day",
            "tenant": "tenant_id",
            "deployment": "deployment_id",
            "kind": "resource_kind",
            "dimensions": dimensions_text,
            "qty": "qty",
            "facts": lambda figure: f"{figure.fact_count:,}",
            "id": "id",
        },
        pages(request, "daily_usage"),
        f"Nothing was metered since {request.from_day}; `--since` looks further back.",
        optional=("facts", "deployment", "dimensions", "tenant"),
    )


@commands.command("show")
def show_usage(
    deployment: Annotated[str, typer.Argument(help="The deployment, by its id or slug.")],
    month: Annotated[
        str, typer.Option(help="The month, such as 2026-04; by default this one.")
    ] = "",
    tenant: Tenant = "",
    kind: Annotated[str, typer.Option(help="Only this kind of usage.")] = "",
    dimension: Dimensions = None,
) -> None:
    """Show the usage of a deployment in a month, summed by kind and dimensions."""
    period = read(read_month, month or f"{datetime.now(UTC):%Y-%m}", "month")
    request = pb.ListDailyUsageRequest(
        tenant_id=tenant,
        deployment_id=deployment,
        resource_kind=kind,
        dimensions=";".join(dimension or ()),
        from_day=period.start.isoformat(),
        to_day=period.end.isoformat(),
    )
    print_table(
        ("kind", "dimensions", "qty", "days"),
        totals(pages(request, "daily_usage")),
        f"Nothing of {deployment} was metered in {period.code}.",
    )


def totals(figures: Iterable[usage_pb2.DailyUsage]) -> list[tuple[str, str, str, str]]:
    """The kind, dimensions, quantity and number of days of some usage, a row for each sum."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for figure in figures:
        of = figure.resource_kind, dimensions_text(figure)
        sums[of] += Decimal(figure.qty)
        days[of].add(figure.day)
    return [(*of, plain(sums[of]), str(len(days[of]))) for of in sorted(sums)]


@commands.command("unmetered")
def list_unmetered(
    tenant: Tenant = "", deployment: Deployment = "", since: Since = "", until: Until = ""
) -> None:
    """List the resources that could not be metered because their size is unknown."""
    request = pb.ListUnmeteredResourcesRequest(
        tenant_id=tenant,
        deployment_id=deployment_id(deployment, tenant),
        from_day=since or _a_week_ago(),
        to_day=until,
    )
    print_list(
        {
            "resource": lambda one: f"{one.inventory_kind} {one.resource_name}",
            "tenant": lambda one: one.tenant_id or NOBODY,
            "deployment": "deployment_id",
            "missing": "resource_kind",
            "days": lambda one: " to ".join(dict.fromkeys((one.first_day, one.last_day))),
            "hours": lambda one: f"{one.seconds / SECONDS_AN_HOUR:,.1f}",
            "why": "reason",
        },
        pages(request, "resources"),
        f"There are no unmetered resources since {request.from_day}.",
        optional=("hours", "deployment", "missing"),
    )


@commands.command("facts")
def show_facts(
    usage_id: Annotated[str, typer.Argument(help="The figure's id, as `usage list` shows it.")],
) -> None:
    """Show the resources and events behind a figure."""
    facts = pages(pb.ListUsageFactsRequest(usage_id=usage_id), "facts")
    print_list(
        {
            "what": lambda one: (
                f"{one.inventory_kind} {one.resource_name}" if one.resource_id else one.event_key
            ),
            "from": lambda one: instant(one.fact_from, SECOND),
            "to": lambda one: instant(one.fact_to, SECOND),
            "GB": lambda one: one.size_gb if one.HasField("size_gb") else "",
            "sent": lambda one: one.event_qty if one.HasField("event_qty") else "",
            "qty": "qty",
        },
        facts,
        "The figure has no facts any more.",
        folded=True,
    )


@commands.command("send")
def send_event(
    deployment: Annotated[str, typer.Argument(help="The deployment, by its id or slug.")],
    kind: Annotated[str, typer.Argument(help="The code of the meter.")],
    qty: Annotated[
        str, typer.Argument(help="The quantity in units of the meter; none for unique values.")
    ] = "",
    value: Annotated[str, typer.Option(help="What a meter of unique values counts.")] = "",
    key: Annotated[str, typer.Option(help="The idempotency key; by default a new one.")] = "",
    source: Annotated[str, typer.Option(help="The reporting program.")] = "cli",
    at: Annotated[
        datetime | None,
        typer.Option(formats=TIMES, help="When it occurred, in UTC; by default now."),
    ] = None,
    tenant: Tenant = "",
    dimension: Annotated[
        list[str] | None,
        typer.Option("--dimension", help="A dimension, such as model=small; may be repeated."),
    ] = None,
) -> None:
    """Send one usage event; the same key again counts once."""
    event = usage_pb2.UsageEvent(
        idempotency_key=key or str(uuid.uuid4()),
        source=source,
        tenant_id=tenant,
        deployment_id=deployment,
        resource_kind=kind,
        qty=qty,
        unique_value=value,
        occurred_at=timestamp(at.replace(tzinfo=UTC) if at else datetime.now(UTC)),
        dimensions=dict(map(_dimension, dimension or ())),
    )
    receipt = call(pb.SendUsageEventsRequest(events=[event])).receipt
    for one in receipt.refused:
        say(f"refused {one.idempotency_key}: {one.message}")
    if receipt.refused:
        raise typer.Exit(1)
    how = "recorded" if receipt.accepted_count else "already recorded:"
    say(f"{how} {event.idempotency_key} of {source}")


def _dimension(said: str) -> tuple[str, str]:
    key, _, value = said.partition("=")
    if not value:
        raise typer.BadParameter(f"{said!r} is not <key>=<value>", param_hint="--dimension")
    return key, value


@commands.command("void")
def void_events(
    source: Annotated[str, typer.Argument(help="The source of the events.")],
    keys: Annotated[list[str], typer.Argument(help="The events' idempotency keys.")],
    reason: Annotated[str, typer.Option(help="The reason; stored with each event.")],
) -> None:
    """Void wrong usage events by their keys, before or after their month is billed."""
    refused = 0
    for start in range(0, len(keys), MAX_VOIDED_A_CALL):
        batch = keys[start : start + MAX_VOIDED_A_CALL]
        events = [usage_pb2.UsageEventKey(source=source, idempotency_key=key) for key in batch]
        answer = call(pb.VoidUsageEventsRequest(events=events, reason=reason))
        for event in answer.voided:
            say(f"voided {_text(event)}")
        for event in answer.voided_before:
            say(f"voided already by {event.voided_by}: {_text(event)} ({event.reason})")
        for one in answer.refused:
            say(f"not voided {one.idempotency_key}: {one.message}")
        refused += len(answer.refused)
    if refused:
        raise typer.Exit(1)


@commands.command("voided")
def list_voided(tenant: Tenant = "", deployment: Deployment = "") -> None:
    """List voided usage events, newest first."""
    request = pb.ListVoidedUsageEventsRequest(
        tenant_id=tenant, deployment_id=deployment_id(deployment, tenant)
    )
    print_list(
        {
            "voided": lambda event: instant(event.voided_at, SECOND),
            "by": "voided_by",
            "reason": "reason",
            "source": "source",
            "key": "idempotency_key",
            "day": lambda event: instant(event.occurred_at, DAY),
            "tenant": "tenant_id",
            "deployment": "deployment_id",
            "kind": "resource_kind",
            "dimensions": dimensions_text,
            "qty": "qty",
        },
        pages(request, "voided_events"),
        "No usage event was voided.",
        optional=("dimensions", "deployment", "by", "source", "reason", "tenant"),
    )


def _text(event: usage_pb2.VoidedUsageEvent) -> str:
    return (
        f"{event.idempotency_key}: {event.qty} {event.resource_kind} of {event.tenant_id} on"
        f" {instant(event.occurred_at, DAY)}"
    )


@commands.command("meter")
def meter_days(
    day: Annotated[
        list[str] | None,
        typer.Option(
            help="A day, such as 2026-05-20; may be repeated. By default yesterday and today."
        ),
    ] = None,
    month: Annotated[
        str, typer.Option(help="All days of this month up to today, such as 2026-04.")
    ] = "",
) -> None:
    """Meter days now, or join the active run; metering a day again replaces its usage."""
    days = [read(read_day, one, "day") for one in day or ()]
    if month:
        days += days_of(month, datetime.now(UTC).date())
    run_workflow(
        "metering", metering_by_hand(days), Metering.run, lambda result: say_all(result.lines)
    )


def _a_week_ago() -> str:
    return (datetime.now(UTC).date() - timedelta(days=DAYS_SHOWN)).isoformat()


def days_of(month: str, today: date) -> list[date]:
    """The days of a month (UTC) up to today. Raises BadParameter if none has begun."""
    whole = read(read_month, month, "month")
    days = [whole.start + timedelta(days=number) for number in range(whole.days)]
    begun = [one for one in days if one <= today]
    if not begun:
        raise typer.BadParameter(f"{month} has not begun yet")
    return begun
