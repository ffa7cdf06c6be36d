"""`arcadia releases`: the workers' releases in Temporal, and the current one for new runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import typer
from rich.text import Text
from temporalio.client import Client
from temporalio.service import RPCError

from cli.options import command_group
from cli.output import say, say_all
from services.common.durable import connect
from services.common.settings import Settings
from workflows.durable.releases import make_current, releases

__all__ = ["commands"]

commands = command_group("Show and switch the workers' releases in Temporal.")

STYLES: Final = {"current": "green", "draining": "yellow", "drained": "dim", "inactive": "dim"}


@commands.command("list")
def list_releases() -> None:
    """List the releases, newest first, and whether their workers may be stopped."""
    say_all(
        (
            Text(f"{one.name}  ").append(one.status, style=STYLES.get(one.status, ""))
            for one in _with_temporal(releases)
        ),
        "Runs are not routed by release (ARCADIA_WORKER_VERSIONING).",
    )


@commands.command("promote")
def promote_release(
    release: Annotated[str, typer.Argument(help="The release, from `releases list`.")],
) -> None:
    """Make a release with running workers current: new runs begin on it."""
    _with_temporal(lambda client: make_current(client, release))
    say(f"New runs begin on {release}.")


def _with_temporal(work: Callable[[Client], Awaitable[Any]]) -> Any:
    """The result of a call to Temporal; exits if Temporal rejects it."""

    async def run() -> Any:
        return await work(await connect(Settings()))

    try:
        return asyncio.run(run())
    except (RuntimeError, RPCError) as error:
        say(Text.assemble(("Temporal rejected the request:", "red"), f" {error}"), error=True)
        raise typer.Exit(1) from None
