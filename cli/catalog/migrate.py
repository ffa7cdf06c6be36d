"""`arcadia catalog migrate`: moves subscriptions to another plan version."""

from typing import Annotated, Final

import typer
from arcadia.catalog.v1 import migration_service_pb2 as pb
from arcadia.catalog.v1 import migrations_pb2

from cli.caller import call, pages
from cli.options import Reason, Tenant, Yes, command_group
from cli.output import counts, instant, print_list, say
from services.common.values.money import money_text

__all__ = ["commands"]

commands = command_group("Move subscriptions to another plan version.")

SHOWN: Final = 20
"""Subscriptions shown before a migration is confirmed."""

STATUSES: Final = ("waiting", "scheduling", "scheduled", "in_effect", "undoing", "undone")

Plan = Annotated[str, typer.Argument(help="The plan whose subscriptions are moved.")]
On = Annotated[str, typer.Option(help="The day on which they take effect, such as 2026-09-01.")]
Of = Annotated[int, typer.Option("--from-version", help="Only of this version.", min=0)]
To = Annotated[str, typer.Option("--to", help="The plan to move to; the same by default.")]
Version = Annotated[int, typer.Option(help="The version to move to, else the active one.", min=0)]
Before = Annotated[str, typer.Option(help="Only those that started before this day.")]
Identifier = Annotated[str, typer.Argument(help="The migration's id.")]


@commands.command("preview")
def preview(
    plan: Plan, on: On, from_version: Of = 0, to: To = "", version: Version = 0,
    tenant: Tenant = "", started_before: Before = "",
) -> None:  # fmt: skip  # a table
    """Show who would be moved, and what they would pay; nothing is changed."""
    _print_previews(_previews(plan, on, from_version, to, version, tenant, started_before))


@commands.command("start")
def start(
    plan: Plan, on: On, from_version: Of = 0, to: To = "", version: Version = 0,
    tenant: Tenant = "", started_before: Before = "",
    notice: Annotated[str, typer.Option(help="The notice day; today by default.")] = "",
    reason: Reason = "", yes: Yes = False,
) -> None:  # fmt: skip  # a table
    """Announce on the notice day, and move on the effective day."""
    if not yes:
        _print_previews(_previews(plan, on, from_version, to, version, tenant, started_before))
        typer.confirm("Start this migration?", abort=True)
    request = pb.StartMigrationRequest(
        from_plan_code=plan, from_version=from_version, plan_code=to, plan_version=version,
        tenant_id=tenant, started_before=started_before, notice_on=notice, effective_on=on,
        reason=reason,
    )  # fmt: skip  # a table
    _print(call(request).migration)


@commands.command("list")
def list_migrations(
    plan: Annotated[str, typer.Option(help="Only from or to this plan.")] = "",
    status: Annotated[str, typer.Option(help="Only with this status, such as `scheduled`.")] = "",
) -> None:
    """List migrations, newest first."""
    if status and status.replace(" ", "_") not in STATUSES:
        raise typer.BadParameter(f"--status is one of {', '.join(STATUSES)}.")
    print_list(
        {
            "id": "id",
            "from": _source,
            "to": _target,
            "notice": "notice_on",
            "effective": "effective_on",
            "status": _status,
            "subscriptions": _counts,
            "started": lambda one: instant(one.started_at),
            "by": "started_by",
            "reason": "reason",
        },
        [
            one
            for one in pages(pb.ListMigrationsRequest(), "migrations")
            if plan in ("", one.from_plan_code, one.plan_code)
            and status.replace(" ", "_") in ("", one.status)
        ],
        "There is no such migration." if plan or status else "There is no migration.",
        optional=("by", "started", "reason", "notice", "subscriptions", "from", "to"),
    )


@commands.command("show")
def show(
    identifier: Identifier,
    outcome: Annotated[str, typer.Option(help="Only subscriptions with this outcome.")] = "",
) -> None:
    """Show a migration and what became of each subscription."""
    _print(call(pb.GetMigrationRequest(id=identifier)).migration)
    request = pb.ListMigrationSubscriptionsRequest(migration_id=identifier, outcome=outcome)
    print_list(
        {
            "subscription": "subscription_id",
            "tenant": "tenant_id",
            "outcome": "outcome",
            "reason": lambda one: one.reason.lower().replace("_", " "),
            "at": lambda one: instant(one.updated_at),
        },
        pages(request, "migration_subscriptions"),
        optional=("at", "tenant"),
    )


def _add_decision(decision: str, effect: str) -> None:
    @commands.command(decision, help=effect)
    def decide(identifier: Identifier) -> None:
        _print(call(pb.DecideMigrationRequest(id=identifier, decision=decision)).migration)


_add_decision("pause", "Stop scheduling changes.")
_add_decision("resume", "Go on scheduling changes.")
_add_decision("retry", "Schedule the changes that failed again.")
_add_decision("undo", "Withdraw the changes; possible until the effective day.")


def _previews(
    plan: str, on: str, from_version: int, to: str, version: int, tenant: str, before: str
) -> list[pb.MigrationPreview]:
    request = pb.PreviewMigrationRequest(
        from_plan_code=plan, from_version=from_version, plan_code=to, plan_version=version,
        tenant_id=tenant, started_before=before, effective_on=on,
    )  # fmt: skip  # a table
    return pages(request, "previews")


def _print_previews(previews: list[pb.MigrationPreview]) -> None:
    print_list(
        {
            "subscription": "subscription_id",
            "tenant": "tenant_id",
            "version": lambda one: str(one.from_version),
            "a month": lambda one: money_text(one.monthly_before_cents, one.currency),
            "then": lambda one: money_text(one.monthly_after_cents, one.currency),
            "change": lambda one: money_text(one.monthly_change_cents, one.currency),
            "first month": lambda one: money_text(one.first_month_change_cents, one.currency),
            "": lambda one: one.reason.lower().replace("_", " "),
        },
        previews[:SHOWN],
        "No subscription would be moved.",
        optional=("version", "first month", "change", "tenant"),
    )
    moved = [one for one in previews if one.outcome == "scheduled"]
    sums: dict[str, int] = {}
    for one in moved:
        sums[one.currency] = sums.get(one.currency, 0) + one.monthly_change_cents
    more = ", ".join(money_text(cents, currency) for currency, cents in sorted(sums.items()))
    say(f"{len(moved):,} of {len(previews):,} subscriptions would be moved; {more or '0'} a month")


def _print(migration: migrations_pb2.Migration) -> None:
    say(
        f"{migration.id}  {_source(migration)} to {_target(migration)}"
        f"  notice {migration.notice_on}  effective {migration.effective_on}"
        f"  {_status(migration)}"
    )
    if found := _counts(migration):
        say(f"    {found}")
    finished = ""
    if migration.HasField("finished_at"):
        finished = f", finished {instant(migration.finished_at)}"
    say(f"    started {instant(migration.started_at)} by {migration.started_by}{finished}")
    if migration.reason:
        say(f"    reason: {migration.reason}")
    say(f"    workflow {migration.workflow_id}")


def _source(one: migrations_pb2.Migration) -> str:
    version = f" version {one.from_version}" if one.from_version else ""
    return f"{one.from_plan_code}{version}"


def _target(one: migrations_pb2.Migration) -> str:
    return f"{one.plan_code} version {one.plan_version}"


def _status(one: migrations_pb2.Migration) -> str:
    return f"{one.status.replace('_', ' ')}{' (paused)' if one.is_paused else ''}"


def _counts(one: migrations_pb2.Migration) -> str:
    return counts(
        (one.planned_count, "planned"),
        (one.scheduled_count, "scheduled"),
        (one.skipped_count, "skipped"),
        (one.failed_count, "failed"),
        (one.taken_back_count, "taken back"),
    )
