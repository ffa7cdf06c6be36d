"""`arcadia catalog`: shows, changes and seeds the catalog."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from rich.text import Text

from cli.caller import call, pages
from cli.catalog.changes import apply_document, planned, print_changes
from cli.catalog.list_prices import fetch_list_prices, list_changes, list_prices
from cli.catalog.meters import commands as meters
from cli.catalog.migrate import commands as migrations
from cli.catalog.prices import (
    export_prices,
    import_prices,
    list_resource_prices,
    match_text,
    set_prices,
)
from cli.catalog.rebilling import commands as rebilling
from cli.catalog.simulate import simulate
from cli.options import Output, Yes, command_group, text_of
from cli.output import print_list, print_table, say
from services.catalog.plans.rules.changes import Change
from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.settings import Service, Settings
from services.common.values.money import amount_text, money_text

__all__ = ["commands", "price_of_more"]

commands = command_group("Show and change plans, addons and prices.")

commands.command("simulate")(simulate)
commands.command("prices")(list_resource_prices)
commands.command("set-prices")(set_prices)
commands.command("export-prices")(export_prices)
commands.command("import-prices")(import_prices)
commands.add_typer(migrations, name="migrate")


Code = Annotated[str, typer.Argument(help="The plan's code.")]
File = Annotated[
    Path, typer.Argument(help="A YAML file in the format of `export`.", exists=True, dir_okay=False)
]


@commands.command("list")
def list_catalog() -> None:
    """List the active plans and addons."""
    plans = pages(pb.ListPlansRequest(include_unpublished=True), "plans")
    addons = pages(pb.ListAddonsRequest(), "addons")
    if not plans and not addons:
        say("The catalog is empty; `arcadia catalog seed` adds the seeded plans.")
    print_table(
        ("plan", "name", "version", "a month"),
        ((plan.code, plan.name, *_active_version(plan)) for plan in plans),
    )
    print_list(
        {
            "addon": "code",
            "of": "resource_kind",
            "adds": "qty",
            "a month": lambda one: money_text(one.price_cents, one.currency),
        },
        addons,
    )


def _active_version(plan: catalog_pb2.Plan) -> tuple[str, str]:
    """The number and the monthly price."""
    if not plan.HasField("active_version"):
        return "none", ""
    version = plan.active_version
    return str(version.version), money_text(version.price_cents, version.currency)


@commands.command("show")
def show_plan(code: Code) -> None:
    """Show the versions of a plan, newest first, with what they include."""
    versions = pages(pb.ListPlanVersionsRequest(plan_code=code), "plan_versions")
    if not versions:
        say("The plan has no version yet.")
    for version in versions:
        _print_version(version)


def _print_version(version: catalog_pb2.PlanVersion) -> None:
    price = money_text(version.price_cents, version.currency)
    heading = (f"version {version.version}", "bold")
    say(Text.assemble(heading, f" · {version.status} · {price} a month"))
    print_list(
        {
            "kind": "resource_kind",
            "of": lambda item: match_text(item.match),
            "included": "included_qty",
            "overage": lambda item: price_of_more(item, version.currency),
            "model": "pricing_model",
        },
        version.items,
    )


@commands.command("publish")
def publish_version(
    code: Code, version: Annotated[int, typer.Argument(help="The draft's number.")]
) -> None:
    """Publish a draft as the active version; existing subscriptions keep theirs."""
    answer = call(pb.PublishPlanVersionRequest(plan_code=code, version=version))
    retired = f"; version {answer.retired_version.version} was retired"
    say(
        f"version {answer.plan_version.version} of {code} is now active"
        + (retired if answer.HasField("retired_version") else "")
    )


@commands.command("export")
def export_catalog(output: Output = None) -> None:
    """Write the whole catalog as a YAML document."""
    document = call(pb.ExportCatalogRequest()).document
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_text(document)


@commands.command("plan")
def plan_changes(file: File) -> None:
    """Show the changes that a file would make."""
    print_changes(planned(text_of(file)).changes)


@commands.command("apply")
def apply_file(file: File, yes: Yes = False) -> None:
    """Apply the changes of a file, all or nothing."""
    apply_document(text_of(file), yes=yes)


@commands.command("seed")
def seed_catalog() -> None:
    """Add missing seeded plans, addons and prices; nothing is overwritten."""
    print_changes(asyncio.run(_seed(Settings())))


async def _seed(settings: Settings) -> Sequence[Change]:
    """Seeds without the service, after the migrations."""
    database = Database(settings.database_url(Service.CATALOG), application_name="catalog seed")
    try:
        return await seed(database)
    finally:
        await database.close()


def price_of_more(item: catalog_pb2.PlanItem, currency: str) -> str:
    """The price of overage in the currency, by its pricing model."""

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


commands.command("list-prices")(list_prices)
commands.command("list-price-changes")(list_changes)
commands.command("fetch-list-prices")(fetch_list_prices)
commands.add_typer(meters, name="meters")
commands.add_typer(rebilling, name="rebilling")
