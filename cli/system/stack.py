"""`arcadia up`, `down`, `reset`, `logs`, `status`: the local stack.

Code that starts and watches processes is imported where it is used: it belongs to the local mode,
and other commands must work without it.
"""

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.options import Yes
from services.common.settings import Settings
from stack.layout import Layout
from stack.output.logs import Follower, as_text, parsed, tail

if TYPE_CHECKING:
    from stack.control import PartView

__all__ = ["down", "logs", "reset", "status", "up"]

POLL_SECONDS: Final = 0.3
STOPPING: Final = "stopping: running work may take some seconds to finish"


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything is ready.")
    ] = False,
) -> None:
    """Run the whole system on this machine, until Ctrl-C."""
    from stack.control import start_detached
    from stack.up import run_stack

    settings = Settings()
    if detach:
        raise typer.Exit(start_detached(Layout.of(settings)))
    raise typer.Exit(run_stack(settings, Console()))


def down() -> None:
    """Stop what `up` started; the data is kept."""
    from stack.control import stop_stack

    layout = Layout.of(Settings())
    with Console().status(STOPPING):
        stopped = stop_stack(layout)
    typer.echo("stopped" if stopped else f"no stack is running on {layout.folder}")


def reset(yes: Yes = False) -> None:
    """Stop, and delete all local data."""
    from stack.control import stop_stack

    layout = Layout.of(Settings())
    if not any(layout.contents()):
        typer.echo(f"{layout.folder} has no data")
        return
    if not yes:
        typer.confirm(f"Remove all local data in {layout.folder}?", abort=True)
    with Console().status(STOPPING):
        stop_stack(layout)
    layout.clear()
    typer.echo(f"removed the data in {layout.folder}")


def logs(
    part: Annotated[str | None, typer.Argument(help="The part; all by default.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the logs.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, help="The number of lines of each part.")
    ] = 20,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the original lines, mostly JSON.")
    ] = False,
) -> None:
    """Show the logs of the parts in a readable form; times are UTC."""
    layout = Layout.of(Settings())
    names = sorted(log.stem for log in layout.logs.glob("*.log"))
    if part is not None and part not in names:
        raise typer.BadParameter(f"no log of {part!r}; there are {', '.join(names) or 'none'}")
    chosen = [part] if part else names
    show = partial(_print_raw, alone=part is not None) if raw else partial(_print_log, Console())
    followers = {name: Follower(layout.log(name)) for name in chosen}
    for name in chosen:
        show(name, tail(layout.log(name), lines))
    while follow:
        for name, follower in followers.items():
            show(name, follower.lines())
        sys.stdout.flush()
        time.sleep(POLL_SECONDS)


def status() -> None:
    """Show every part; the exit code is not 0 if something is down."""
    from stack.control import running_state, view

    settings = Settings()
    layout = Layout.of(settings)
    console = Console()
    state = running_state(layout)
    if state is None:
        console.print(f"no stack is running on {layout.folder}", soft_wrap=True)
        raise typer.Exit(1)
    views = view(settings, layout, state)
    console.print(_table(views))
    for seen in views:
        if seen.status.reason:
            console.print(f"{seen.status.name}, last: {escape(seen.status.reason)}", soft_wrap=True)
    if not all(seen.well for seen in views):
        raise typer.Exit(1)


def _table(views: "list[PartView]") -> Table:
    table = Table("part", Column("state", no_wrap=True), "process", "port", "up for", "restarts")
    for seen in views:
        mark = seen.status.mark
        table.add_row(
            seen.status.name,
            f"[{'green' if seen.well else 'red'}]{seen.state}[/]",
            str(mark.pid) if mark else "",
            " ".join(str(port) for port in seen.ports),
            _duration(time.time() - seen.status.since) if mark and seen.status.since else "",
            str(seen.status.restarts or ""),
        )
    return table


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m" if hours else f"{minutes} m {rest:02} s"


def _print_log(console: Console, name: str, lines: list[str]) -> None:
    for line in lines:
        console.print(as_text(name, parsed(line)), soft_wrap=True)


def _print_raw(name: str, lines: list[str], *, alone: bool) -> None:
    for line in lines:
        typer.echo(line if alone else f"{name:<10} {line}")
