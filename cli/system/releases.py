"""`arcadia releases`: the workers' releases in Temporal, and on which one runs begin."""

import asyncio
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text
from temporalio.service import RPCError

from services.common.settings import Settings
from workflows.durable.connection import connect
from workflows.durable.releases import Release, make_current, releases

__all__ = ["commands"]

commands = typer.Typer(
    help="The workers' releases in Temporal, where runs are routed by them.",
    no_args_is_help=True,
)

STYLES: Final = {"current": "green", "draining": "yellow", "drained": "dim", "inactive": "dim"}


@commands.command("list")
def list_releases() -> None:
    """List the releases, newest first, each with what may become of its workers."""

    async def ask() -> list[Release]:
        return await releases(await connect(Settings()))

    console = Console()
    try:
        found = asyncio.run(ask())
    except (RuntimeError, RPCError) as error:
        raise _refused(error) from None
    if not found:
        console.print("Runs are not routed by release (ARCADIA_WORKER_VERSIONING).")
    for one in found:
        line = Text(f"{one.name}  ").append(one.status, style=STYLES.get(one.status, ""))
        console.print(line, soft_wrap=True)


@commands.command("promote")
def promote_release(
    release: Annotated[str, typer.Argument(help="The release, from `releases list`.")],
) -> None:
    """Let new runs begin on a release whose workers run."""

    async def ask() -> None:
        await make_current(await connect(Settings()), release)

    try:
        asyncio.run(ask())
    except (RuntimeError, RPCError) as error:
        raise _refused(error) from None
    Console().print(f"New runs begin on {release}.", markup=False)


def _refused(error: Exception) -> typer.Exit:
    Console(stderr=True).print(f"[red]Temporal refuses:[/] {escape(str(error))}", soft_wrap=True)
    return typer.Exit(1)
