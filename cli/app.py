"""`arcadia`: everything that is done by hand. One module a group of commands."""

import sys

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cli import (
    catalog,
    costs,
    drift,
    gateway,
    inventory,
    invoices,
    margin,
    provision,
    rollup,
    stack,
    sweeps,
    usage,
)
from cli.assign import assign_resource
from cli.healthcheck import healthcheck
from cli.migrate import migrate_databases
from cli.simulator import PASSED_ON, run_simulator
from cli.sync import run_sync
from cli.token import print_token
from services.common.settings import Settings

__all__ = ["app", "main"]

app = typer.Typer(
    name="arcadia",
    help="The back office of a cloud reseller.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LOCAL = "The local stack"
app.command(rich_help_panel=LOCAL)(stack.up)
app.command(rich_help_panel=LOCAL)(stack.down)
app.command(rich_help_panel=LOCAL)(stack.reset)
app.command(rich_help_panel=LOCAL)(stack.logs)
app.command(rich_help_panel=LOCAL)(stack.status)

app.add_typer(catalog.commands, name="catalog")
app.add_typer(costs.commands, name="costs")
app.add_typer(drift.commands, name="drift")
app.add_typer(gateway.commands, name="gateway")
app.add_typer(inventory.commands, name="inventory")
app.add_typer(invoices.commands, name="invoices")
app.add_typer(margin.commands, name="margin")
app.add_typer(rollup.commands, name="rollup")
app.add_typer(provision.commands, name="provision")
app.add_typer(sweeps.commands, name="sweeps")
app.add_typer(usage.commands, name="usage")
app.command("simulator", context_settings=PASSED_ON)(run_simulator)

app.command("assign")(assign_resource)
app.command("healthcheck")(healthcheck)
app.command("migrate")(migrate_databases)
app.command("sync")(run_sync)
app.command("token")(print_token)


def main() -> None:
    """Runs the command that the arguments name."""
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        sys.exit("\n".join(_wrong_variable(problem) for problem in error.errors()))


def _wrong_variable(problem: ErrorDetails) -> str:
    name = "_".join(str(step) for step in problem["loc"])
    variable = name if name.isupper() or not name else f"ARCADIA_{name.upper()}"
    return ": ".join(word for word in (variable, problem["msg"]) if word)


if __name__ == "__main__":
    main()
