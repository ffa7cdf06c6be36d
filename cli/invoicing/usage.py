"""`arcadia usage`: what deployments used, day by day, and metering by hand."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import grpc
import typer
from arcadia.analytics.v1 import usage_pb2
from arcadia.analytics.v1 import usage_service_pb2 as pb
from arcadia.analytics.v1.usage_service_pb2_grpc import UsageServiceStub
from rich.console import Console
from rich.text import Text

from cli.caller import Metadata
from cli.following import ran
from cli.invoicing.analytics import asked, table_of
from cli.tables import print_unfolded
from cli.values import NOBODY
from workflows.metering.starts import start_metering

__all__ = ["commands", "days_of"]

commands = typer.Typer(help="What deployments used, day by day.", no_args_is_help=True)

PAGE_SIZE = 500
DAYS_SHOWN = 7
VOIDED_A_CALL = 5_000
SECONDS_AN_HOUR = 3_600


@commands.command("list")
def list_usage(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of this deployment, by id or slug.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind of usage.")] = "",
    since: Annotated[str, typer.Option(help="From this day on; a week ago when left out.")] = "",
    until: Annotated[str, typer.Option(help="Up to the day before this one.")] = "",
) -> None:
    """List usage per deployment, kind and day, newest day first."""
    today = datetime.now(UTC).date()
    wanted = {
        "tenant_id": tenant,
        "deployment_id": deployment,
        "resource_kind": kind,
        "from_day": since or (today - timedelta(days=DAYS_SHOWN)).isoformat(),
        "to_day": until,
    }

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UsageServiceStub(channel)
        figures: list[Any] = []
        token = ""
        while True:
            request = pb.ListDailyUsageRequest(page_size=PAGE_SIZE, page_token=token, **wanted)
            answer = await stub.ListDailyUsage(request, metadata=metadata)
            figures += answer.daily_usage
            if not (token := answer.next_page_token):
                return figures

    table = table_of("day", "tenant", "deployment", "kind", "qty", "facts", "id",
                     right=frozenset({"qty", "facts"}))  # fmt: skip
    for figure in asked(ask):
        table.add_row(
            figure.day,
            Text(figure.tenant_id),
            Text(figure.deployment_id),
            figure.resource_kind,
            figure.qty,
            f"{figure.fact_count:,}",
            figure.id,
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print(
            f"Nothing was metered since {wanted['from_day']}; `--since` looks further back."
        )


@commands.command("unmetered")
def list_unmetered(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of the deployment with this id.")] = "",
    since: Annotated[str, typer.Option(help="From this day on; a week ago when left out.")] = "",
    until: Annotated[str, typer.Option(help="Up to the day before this one.")] = "",
) -> None:
    """List the resources that could not be metered, because their size is unknown, and why."""
    today = datetime.now(UTC).date()
    wanted = {
        "tenant_id": tenant,
        "deployment_id": deployment,
        "from_day": since or (today - timedelta(days=DAYS_SHOWN)).isoformat(),
        "to_day": until,
    }

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UsageServiceStub(channel)
        resources: list[Any] = []
        token = ""
        while True:
            request = pb.ListUnmeteredResourcesRequest(
                page_size=PAGE_SIZE, page_token=token, **wanted
            )
            answer = await stub.ListUnmeteredResources(request, metadata=metadata)
            resources += answer.resources
            if not (token := answer.next_page_token):
                return resources

    table = table_of("resource", "tenant", "deployment", "missing", "days", "hours", "why",
                     right=frozenset({"hours"}))  # fmt: skip
    for one in asked(ask):
        days = one.first_day
        if one.last_day != one.first_day:
            days += f" to {one.last_day}"
        table.add_row(
            Text(f"{one.inventory_kind} {one.resource_name}"),
            Text(one.tenant_id or NOBODY),
            Text(one.deployment_id),
            one.resource_kind,
            days,
            f"{one.seconds / SECONDS_AN_HOUR:,.1f}",
            Text(one.reason),
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print(f"Everything of known size since {wanted['from_day']} was metered.")


@commands.command("facts")
def show_facts(
    usage_id: Annotated[str, typer.Argument(help="The figure's id, as `usage list` shows it.")],
) -> None:
    """Show the resources with their spans, and the events, behind a figure."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UsageServiceStub(channel)
        facts: list[Any] = []
        token = ""
        while True:
            request = pb.ListUsageFactsRequest(
                usage_id=usage_id, page_size=PAGE_SIZE, page_token=token
            )
            answer = await stub.ListUsageFacts(request, metadata=metadata)
            facts += answer.facts
            if not (token := answer.next_page_token):
                return facts

    table = table_of("what", "from", "to", "GB", "qty", right=frozenset({"GB", "qty"}))
    for fact in asked(ask):
        what = f"{fact.inventory_kind} {fact.resource_name}" if fact.resource_id else fact.event_key
        table.add_row(
            Text(what),
            f"{fact.fact_from.ToDatetime(UTC):%Y-%m-%d %H:%M:%S}",
            f"{fact.fact_to.ToDatetime(UTC):%Y-%m-%d %H:%M:%S}",
            fact.size_gb if fact.HasField("size_gb") else "",
            fact.qty,
        )
    if table.row_count:
        Console().print(table)
    else:
        Console().print("Nothing is behind the figure any more.")


@commands.command("void")
def void_events(
    source: Annotated[str, typer.Argument(help="Who counted, as in the event.")],
    keys: Annotated[list[str], typer.Argument(help="The events' idempotency keys.")],
    reason: Annotated[str, typer.Option(help="Why; kept with each.")],
) -> None:
    """Take wrong usage events back by their keys, before or after their month is billed."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UsageServiceStub(channel)
        answers = []
        for start in range(0, len(keys), VOIDED_A_CALL):
            request = pb.VoidUsageEventsRequest(
                events=(
                    usage_pb2.UsageEventKey(source=source, idempotency_key=key)
                    for key in keys[start : start + VOIDED_A_CALL]
                ),
                reason=reason,
            )
            answers.append(await stub.VoidUsageEvents(request, metadata=metadata))
        return answers

    console = Console()
    refused = 0
    for answer in asked(ask):
        for event in answer.voided:
            console.print(f"voided {_said(event)}", markup=False)
        for event in answer.voided_before:
            console.print(
                f"voided already by {event.voided_by}: {_said(event)} ({event.reason})",
                markup=False,
            )
        for one in answer.refused:
            console.print(f"not voided {one.idempotency_key}: {one.message}", markup=False)
        refused += len(answer.refused)
    if refused:
        raise typer.Exit(1)


@commands.command("voided")
def list_voided(
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    deployment: Annotated[str, typer.Option(help="Only of the deployment with this id.")] = "",
) -> None:
    """List the usage events that were taken back, the last one first."""

    async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> list[Any]:
        stub: Any = UsageServiceStub(channel)
        events: list[Any] = []
        token = ""
        while True:
            request = pb.ListVoidedUsageEventsRequest(
                page_size=PAGE_SIZE, page_token=token, tenant_id=tenant, deployment_id=deployment
            )
            answer = await stub.ListVoidedUsageEvents(request, metadata=metadata)
            events += answer.voided_events
            if not (token := answer.next_page_token):
                return events

    table = table_of("voided", "by", "reason", "source", "key", "day", "tenant", "deployment",
                     "kind", "qty", right=frozenset({"qty"}))  # fmt: skip
    for event in asked(ask):
        table.add_row(
            f"{event.voided_at.ToDatetime(UTC):%Y-%m-%d %H:%M:%S}",
            Text(event.voided_by),
            Text(event.reason),
            Text(event.source),
            Text(event.idempotency_key),
            f"{event.occurred_at.ToDatetime(UTC):%Y-%m-%d}",
            Text(event.tenant_id),
            Text(event.deployment_id),
            event.resource_kind,
            event.qty,
        )
    if table.row_count:
        print_unfolded(table)
    else:
        Console().print("No usage event was voided.")


def _said(event: usage_pb2.VoidedUsageEvent) -> str:
    return (
        f"{event.idempotency_key}: {event.qty} {event.resource_kind} of {event.tenant_id} on"
        f" {event.occurred_at.ToDatetime(UTC):%Y-%m-%d}"
    )


@commands.command("meter")
def meter_days(
    day: Annotated[
        list[str] | None,
        typer.Option(help="This day, as in 2026-05-20; may be repeated. Yesterday and today else."),
    ] = None,
    month: Annotated[
        str, typer.Option(help="All days of this month that have begun, as in 2026-04.")
    ] = "",
) -> None:
    """Meter days now, or join the run that does; metering a day again replaces it."""
    days = [_day(one) for one in day or ()]
    if month:
        days += days_of(month, datetime.now(UTC).date())
    result = ran(lambda client: start_metering(client, days))
    for line in result.lines:
        Console().print(line, markup=False)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day as in 2026-05-20") from None


def days_of(month: str, today: date) -> list[date]:
    """The days of a month (UTC) up to today. Raises BadParameter when none has begun."""
    first = _day(f"{month}-01")
    length = monthrange(first.year, first.month)[1]
    days = [first.replace(day=one + 1) for one in range(length)]
    begun = [one for one in days if one <= today]
    if not begun:
        raise typer.BadParameter(f"{month} has not begun yet")
    return begun
