"""`arcadia`, the command line: one module for each group of commands."""

import os
import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from typer.core import TyperGroup
from typer.main import get_command

from services.common.settings import Settings

__all__ = ["app", "main"]

LOCAL: Final = "The local stack"

COMMANDS: Final = {
    **dict.fromkeys(("up", "down", "reset", "logs", "status"), "system.stack"),
    "assign": "inventory.resources:assign_resource",
    "audit": "system.audit:commands",
    "catalog": "catalog.catalog:commands",
    "costs": "costs.costs:commands",
    "coverage": "invoicing.coverage:commands",
    "drift": "inventory.drift:commands",
    "gateway": "system.gateway:commands",
    "healthcheck": "system.healthcheck:healthcheck",
    "inventory": "inventory.resources:commands",
    "invoices": "invoicing.invoices:commands",
    "limits": "catalog.limits:commands",
    "keys": "system.keys:commands",
    "margin": "invoicing.margin:commands",
    "migrate": "system.migrate:migrate_databases",
    "provision": "inventory.provision:commands",
    "releases": "system.releases:commands",
    "rollup": "invoicing.rollup:commands",
    "simulator": "system.simulator:run_simulator",
    "spend": "invoicing.spend:commands",
    "subscription": "catalog.subscriptions:commands",
    "sweeps": "inventory.sweeps:commands",
    "sync": "inventory.sync:run_sync",
    "token": "system.token:commands",
    "trial": "catalog.subscriptions:trial_commands",
    "usage": "invoicing.usage:commands",
}
"""The module of each command, and its function's name if different."""

CONTEXTS: Final = {
    # All options are the simulator's, including `--help`.
    "simulator": {
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": list[str](),
    }
}


ENVIRONMENTS: Final = frozenset({Settings.__name__, "Environment"})
"""Settings classes whose errors name a variable; without importing the simulator's."""

TEMPORAL: Final = "temporalio.bridge.runtime"
"""A module that starts threads when imported."""


class Commands(TyperGroup):
    """Imports a command's module only when it is called, for a fast start."""

    # Typer calls these with contexts of its own class, which Click's signatures do not say.

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All commands, the local stack first."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """A command; None if unknown."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"cli.{module}"), name or cmd_name)
        holder = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=cmd_name)
            group: Any = get_command(holder)
            return group.commands[cmd_name]
        panel = LOCAL if module == "system.stack" else None
        holder.command(cmd_name, rich_help_panel=panel, context_settings=CONTEXTS.get(cmd_name))(
            found
        )
        return get_command(holder)


app = typer.Typer(
    name="arcadia",
    help="The back office of a cloud reseller.",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _arcadia() -> None:
    """The back office of a cloud reseller."""


def main() -> None:
    """Runs the command from the arguments."""
    if not sys.stdout.isatty():
        # Output to a pipe or file has no width, so ids are not wrapped and no column is left out.
        os.environ.setdefault("TERMINAL_WIDTH", os.environ.get("COLUMNS", "80"))  # of the help
        os.environ.setdefault("COLUMNS", "240")
    try:
        app()
    except ValidationError as error:
        if error.title not in ENVIRONMENTS:
            raise
        sys.exit("\n".join(_wrong_variable(problem) for problem in error.errors()))
    except SystemExit as end:
        if TEMPORAL in sys.modules and (end.code is None or isinstance(end.code, int)):
            _leave(end.code or 0)
        raise


def _leave(code: int) -> NoReturn:
    """Ends the process at once: Temporal's threads may abort a normal exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wrong_variable(problem: ErrorDetails) -> str:
    name = "_".join(str(step) for step in problem["loc"])
    variable = name if name.isupper() or not name else f"ARCADIA_{name.upper()}"
    return ": ".join(part for part in (variable, problem["msg"]) if part)


if __name__ == "__main__":
    main()
