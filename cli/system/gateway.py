"""`arcadia gateway …`: the gateway's configuration, written and checked."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command_group
from gateway.render import write_configuration
from services.common.settings import Settings
from stack.engines.engine import EngineMissing
from stack.engines.envoy import validate

__all__ = ["commands"]

commands = command_group("Write and check the gateway's configuration.")


@commands.command("render")
def render(
    directory: Annotated[
        Path, typer.Argument(help="The directory to write to; created if it does not exist.")
    ],
    listen: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Write the gateway's configuration from the environment and the protos."""
    typer.echo(_written(directory, listen))


@commands.command("validate")
def check() -> None:
    """Have Envoy check the configuration for the current environment."""
    with tempfile.TemporaryDirectory() as scratch:
        configuration = _written(Path(scratch), "127.0.0.1")
        try:
            wrong = validate(configuration)
        except EngineMissing as missing:
            wrong = str(missing)
    if wrong:
        typer.echo(wrong, err=True)
        raise typer.Exit(1)
    typer.echo("the configuration is valid")


def _written(directory: Path, listen: str) -> Path:
    try:
        return write_configuration(Settings(), directory, host=listen)
    except ValueError as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None
