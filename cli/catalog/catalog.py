"""`arcadia catalog`: what is sold, shown, changed by one file, and seeded."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.caller import Metadata, ask_as_operator
from services.catalog.plans.rules.changes import Change
from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.settings import Service, Settings
from services.common.values.money import amount_text, money_text

if TYPE_CHECKING:
    from arcadia.catalog.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub

__all__ = ["commands", "price_of_more"]

commands = typer.Typer(help="What is sold, and at what price.", no_args_is_help=True)

PAGE_SIZE: Final = 500
SIGNS: Final = {"create": ("+", "green"), "update": ("~", "yellow"), "publish": ("!", "cyan")}

Ask = Callable[["CatalogServiceAsyncStub", Metadata], Awaitable[Any]]
File = Annotated[
    Path, typer.Argument(help="A YAML file, as `export` writes it.", exists=True, dir_okay=False)
]


@commands.command("list")
def list_catalog() -> None:
    """List the plans and addons that are sold now."""

    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        plans = pb.ListPlansRequest(page_size=PAGE_SIZE, include_unpublished=True)
        addons = pb.ListAddonsRequest(page_size=PAGE_SIZE)
        return (
            (await stub.ListPlans(plans, metadata=metadata)).plans,
            (await stub.ListAddons(addons, metadata=metadata)).addons,
        )

    plans, addons = _asked(ask)
    table = _table("plan", "name", "version", "a month")
    for plan in plans:
        version = plan.active_version if plan.HasField("active_version") else None
        table.add_row(
            Text(plan.code),
            Text(plan.name),
            str(version.version) if version else "none",
            money_text(version.price_cents, version.currency) if version else "",
        )
    if not plans and not addons:
        Console().print("Nothing is sold yet; `arcadia catalog seed` adds the seeded plans.")
        return
    Console().print(table)
    table = _table("addon", "of", "adds", "a month")
    for addon in addons:
        price = money_text(addon.price_cents, addon.currency)
        table.add_row(Text(addon.code), addon.resource_kind, addon.qty, price)
    Console().print(table)


@commands.command("show")
def show_plan(code: Annotated[str, typer.Argument(help="The plan's code.")]) -> None:
    """Show the versions of a plan, newest first, with what they include."""

    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ListPlanVersionsRequest(plan_code=code, page_size=PAGE_SIZE)
        return (await stub.ListPlanVersions(request, metadata=metadata)).plan_versions

    console = Console()
    versions = _asked(ask)
    if not versions:
        console.print("It has no version yet.")
    for version in versions:
        price = money_text(version.price_cents, version.currency)
        console.print(f"[bold]version {version.version}[/] · {version.status} · {price} a month")
        table = _table("kind", "included", "more of it", "model")
        for item in version.items:
            table.add_row(
                item.resource_kind,
                item.included_qty,
                price_of_more(item, version.currency),
                item.pricing_model,
            )
        console.print(table)


@commands.command("publish")
def publish_version(
    code: Annotated[str, typer.Argument(help="The plan's code.")],
    version: Annotated[int, typer.Argument(help="The draft's number.")],
) -> None:
    """Make a draft the active version; existing subscriptions stay on theirs."""

    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.PublishPlanVersionRequest(
            plan_code=code, version=version, request_id=str(uuid.uuid4())
        )
        return await stub.PublishPlanVersion(request, metadata=metadata)

    answer = _asked(ask)
    retired = f"; version {answer.retired_version.version} is retired"
    Console().print(
        f"version {answer.plan_version.version} of {code} is active"
        + (retired if answer.HasField("retired_version") else "")
    )


@commands.command("export")
def export_catalog(
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Write the whole catalog as one YAML document."""

    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        return await stub.ExportCatalog(pb.ExportCatalogRequest(), metadata=metadata)

    document = _asked(ask).document
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_text(document)


@commands.command("plan")
def plan_changes(file: File) -> None:
    """Show what would change for the catalog to be as a file says."""
    _print_changes(_planned(file.read_text()).changes)


@commands.command("apply")
def apply_file(
    file: File, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Bring the catalog to what a file says: all of it, or nothing."""
    document = file.read_text()
    planned = _planned(document)
    _print_changes(planned.changes)
    if not planned.changes:
        return
    if not yes:
        typer.confirm("Make these changes?", abort=True)

    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ApplyCatalogRequest(
            document=document,
            state_hash=planned.state_hash,
            request_id=str(uuid.uuid4()),
        )
        return await stub.ApplyCatalog(request, metadata=metadata)

    Console().print(f"{len(_asked(ask).changes)} changes made")


@commands.command("seed")
def seed_catalog() -> None:
    """Add the seeded plans, addons and prices that are not there yet; nothing is overwritten."""
    _print_changes(asyncio.run(_seed(Settings())))


async def _seed(settings: Settings) -> Sequence[Change]:
    """Seeds without the service, right after the migrations."""
    database = Database(settings.database_url(Service.CATALOG), application_name="catalog seed")
    try:
        return await seed(database)
    finally:
        await database.close()


def _planned(document: str) -> pb.ApplyCatalogResponse:
    async def ask(stub: "CatalogServiceAsyncStub", metadata: Metadata) -> Any:  # noqa: ANN401
        request = pb.ApplyCatalogRequest(document=document, validate_only=True)
        return await stub.ApplyCatalog(request, metadata=metadata)

    answer: pb.ApplyCatalogResponse = _asked(ask)
    return answer


def _asked(ask: Ask) -> Any:  # noqa: ANN401
    """What the catalog answers to an operator; ends the program when it refuses."""
    return ask_as_operator(
        Service.CATALOG, lambda channel, metadata: ask(CatalogServiceStub(channel), metadata)
    )


def _print_changes(changes: Sequence[pb.CatalogChange] | Sequence[Change]) -> None:
    console = Console()
    for change in changes:
        sign, style = SIGNS[change.action]
        line = f"{sign} {change.action} {change.object_type} {change.object_key}"
        console.print(Text(line, style=style))
        for difference in change.differences:
            console.print(Text(f"    {difference}"))
    if not changes:
        console.print("Nothing changes.")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def price_of_more(item: catalog_pb2.PlanItem, currency: str) -> str:
    """What use beyond the included costs, in the currency, as its pricing model has it."""

    def price(cents: str) -> str:
        return amount_text(Decimal(cents or 0), currency)

    match item.pricing_model:
        case "flat":
            return f"{amount_text(item.amount_cents, currency)} a month"
        case "graduated" | "volume":
            steps = [
                price(tier.unit_price_cents)
                + (f" up to {tier.up_to_qty}" if tier.HasField("up_to_qty") else " above")
                for tier in item.tiers
            ]
            more = f"{', '.join(steps)} per {item.overage_unit}"
        case "package":
            more = f"{price(item.overage_price_cents)} per {item.package_qty} {item.overage_unit}"
        case _:
            more = f"{price(item.overage_price_cents)} per {item.overage_unit}"
    if item.pricing_model == "minimum":
        more += f", at least {amount_text(item.amount_cents, currency)} a month"
    if item.HasField("hard_cap_qty"):
        more += f", at most {item.hard_cap_qty}"
    return more
