"""`arcadia sweeps`: lists sweeps, and resolves halted, frozen and incomplete ones."""

from typing import Annotated, Final

import typer
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1.resources_pb2 import Sweep
from rich.text import Text

from cli.caller import call
from cli.options import Count, command_group
from cli.output import counts, instant, say, say_all

__all__ = ["OUTCOMES", "commands"]

commands = command_group("List sweeps, and resolve halted, frozen or incomplete ones.")

OUTCOMES: Final = {
    "completed": "green",
    "partial": "yellow",
    "frozen": "yellow",
    "halted": "yellow",
    "running": "dim",
}
"""The colour of each outcome; others are red."""


@commands.command("list")
def list_sweeps(
    kind: Annotated[str, typer.Option(help="Only of this kind.")] = "",
    outcome: Annotated[
        str, typer.Option(help="Only with this outcome: partial, halted, frozen, failed, …")
    ] = "",
    count: Count = 20,
) -> None:
    """List sweeps, newest first."""
    request = pb.ListSweepsRequest(kind=kind, outcome=outcome, page_size=count)
    empty = "There are no such sweeps; `arcadia sync` runs one of each kind."
    say_all(map(_line, call(request).sweeps), empty)


@commands.command("confirm")
def confirm_sweep(
    sweep_id: Annotated[str, typer.Argument(help="The halted sweep's id, from `sweeps list`.")],
) -> None:
    """Confirm a halted sweep: the kind's next sweep may tombstone as many as it withheld."""
    sweep = call(pb.ConfirmSweepRequest(id=sweep_id)).sweep
    say(f"{sweep.kind}: the next sweep may tombstone {sweep.withheld_count}")


@commands.command("accept-scope")
def accept_scope(
    sweep_id: Annotated[str, typer.Argument(help="The frozen sweep's id, from `sweeps list`.")],
) -> None:
    """Accept the reduced scopes of a frozen sweep's token, which unfreezes the kind."""
    sweep = call(pb.AcceptScopeRequest(id=sweep_id)).sweep
    seen = ", ".join(sweep.scope_fingerprint) or "no field that depends on its scopes"
    say(f"{sweep.kind}: expected from the next sweep on: {seen}")


@commands.command("accept-total")
def accept_total(
    sweep_id: Annotated[str, typer.Argument(help="The incomplete sweep's id, from `sweeps list`.")],
) -> None:
    """Accept the wrong total of an incomplete sweep; the same difference is then complete."""
    sweep = call(pb.AcceptTotalRequest(id=sweep_id)).sweep
    more = "more" if sweep.total_difference > 0 else "fewer"
    say(
        f"{sweep.kind}: the provider may report {abs(sweep.total_difference):,} {more} than it "
        "lists, until a sweep adds up exactly"
    )


@commands.command("unreadable")
def list_unreadable_rows(
    sweep_id: Annotated[str, typer.Argument(help="The sweep's id, from `sweeps list`.")],
    count: Count = 50,
) -> None:
    """List the rows that a sweep could not read, with the reason."""
    answer = call(pb.ListUnreadableRowsRequest(sweep_id=sweep_id, page_size=count))
    say_all((row.reason for row in answer.rows), "The sweep has no unreadable rows.")
    if answer.next_page_token:
        say(f"and more; raise --count above {count}, up to 500")


def _line(sweep: Sweep) -> Text:
    found = counts(
        (sweep.seen_count, "seen"),
        (sweep.struck_count, "struck"),
        (sweep.deleted_count, "gone"),
        (sweep.withheld_count, "withheld"),
        (sweep.unreadable_count, "not readable"),
    )
    outcome = sweep.outcome
    if sweep.HasField("confirmed_at"):
        outcome += ", accepted" if outcome == "incomplete" else ", confirmed"
    return Text.assemble(
        f"{sweep.id}  {instant(sweep.started_at)}  {sweep.kind}: ",
        (outcome, OUTCOMES.get(sweep.outcome, "red")),
        f" ({found})" if found else "",
        f": {sweep.reason}" if sweep.reason else "",
    )
