"""Shows the changes that a catalog document makes, and makes them."""

from collections.abc import Sequence
from typing import Any, Final

import typer
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from cli.caller import call
from cli.output import say
from services.catalog.plans.rules.changes import Change

__all__ = ["apply_document", "planned", "print_changes"]

SIGNS: Final = {"create": ("+", "green"), "update": ("~", "yellow"), "publish": ("!", "cyan")}


def planned(document: str) -> Any:
    """The changes that a document would make."""
    return call(pb.ApplyCatalogRequest(document=document, validate_only=True))


def apply_document(document: str, *, yes: bool) -> None:
    """Shows the changes of a document and makes them, all or nothing."""
    shown = planned(document)
    print_changes(shown.changes)
    if not shown.changes:
        return
    if not yes:
        typer.confirm("Make these changes?", abort=True)
    request = pb.ApplyCatalogRequest(document=document, state_hash=shown.state_hash)
    say(f"{len(call(request).changes)} changes made")


def print_changes(changes: Sequence[pb.CatalogChange] | Sequence[Change]) -> None:
    """Prints each change with its differences."""
    for change in changes:
        sign, style = SIGNS[change.action]
        say(f"{sign} {change.action} {change.object_type} {change.object_key}", style)
        for difference in change.differences:
            say(f"    {difference}")
    if not changes:
        say("Nothing changes.")
