"""Parsers of invoicing requests; each error names the field."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from arcadia.analytics.v1 import invoices_pb2

from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.errors import InvalidArgument
from services.common.rpc.wire import MAX_TEXT_LENGTH, text, uuid_of

__all__ = ["party", "required", "text", "uuid_of", "uuid_or_none", "word"]

MAX_LINE: Final = 200
MAX_ADDRESS_LINES: Final = 8


def required(field: str, value: str, longest: int = MAX_TEXT_LENGTH) -> str:
    """A text that is not blank. Raises InvalidArgument."""
    if not value.strip():
        raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    return text(field, value, longest)


def uuid_or_none(field: str, value: str) -> UUID | None:
    """An id; None if empty. Raises InvalidArgument."""
    return uuid_of(field, value) if value else None


def word(field: str, value: str, words: Sequence[str]) -> str:
    """One of the allowed values. Raises InvalidArgument."""
    if value not in words:
        named = ", ".join(one for one in words if one)
        raise InvalidArgument(field, f"{value!r} is not one of {named}")
    return value


def party(field: str, message: invoices_pb2.Party) -> Party:
    """A party with bounded lines. Raises InvalidArgument."""
    if len(message.address_lines) > MAX_ADDRESS_LINES:
        raise InvalidArgument(
            f"{field}.address_lines", f"must not be more than {MAX_ADDRESS_LINES}"
        )
    return Party(
        name=required(f"{field}.name", message.name, MAX_LINE),
        abn=text(f"{field}.abn", message.abn, 40),
        address_lines=tuple(
            text(f"{field}.address_lines[{index}]", line, MAX_LINE)
            for index, line in enumerate(message.address_lines)
        ),
        email=text(f"{field}.email", message.email, MAX_LINE),
    )
