"""Arguments and options shared by several commands, with their help."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from services.common.errors import InvalidArgument

__all__ = [
    "Count",
    "Deployment",
    "Follow",
    "Month",
    "OnlyMonth",
    "Output",
    "Reason",
    "Tenant",
    "Yes",
    "command_group",
    "read",
    "text_of",
]

Count = Annotated[int, typer.Option(help="Maximum number of rows.", min=1, max=500)]
Deployment = Annotated[str, typer.Option(help="Only of this deployment, by its id or slug.")]
Follow = Annotated[bool, typer.Option(help="Wait for completion and show the progress.")]
Month = Annotated[str, typer.Argument(help="The month, such as 2026-04.")]
OnlyMonth = Annotated[str, typer.Option(help="Only of this month, such as 2026-04.")]
Output = Annotated[Path | None, typer.Option(help="Write to this file.")]
Reason = Annotated[str, typer.Option(help="The reason, which is stored.")]
Tenant = Annotated[str, typer.Option(help="Only of this tenant.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


Value = TypeVar("Value")


def command_group(purpose: str) -> typer.Typer:
    """A group of commands, which shows its help if none of them is named."""
    return typer.Typer(help=purpose, no_args_is_help=True)


def text_of(file: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises BadParameter."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not a text in UTF-8") from None


def read(reader: Callable[[str, str], Value], text: str, field: str) -> Value:
    """Parses an argument as services do, such as a month. Raises BadParameter."""
    try:
        return reader(text, field)
    except InvalidArgument as error:
        raise typer.BadParameter(f"{text!r} {error.violations[0].description}") from None
