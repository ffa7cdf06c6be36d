"""Parses and checks request bodies."""

from typing import Any, TypeVar

import orjson
from starlette.requests import Request

from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.web.errors import BadRequest, Unprocessable

__all__ = ["optional", "payload", "required"]

T = TypeVar("T")


async def payload(request: Request) -> Document:
    """The JSON object of a request; an empty body is an empty object."""
    text = await request.body()
    if not text:
        return {}
    try:
        document: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object.")
    return document


def required(document: Document, name: str, kind: type[T]) -> T:
    """A required member of a type, not an empty text. Raises Unprocessable."""
    value = document.get(name)
    if value is None or value == "":
        raise Unprocessable(f"{name} is a required field")
    if not isinstance(value, kind):
        raise Unprocessable(f"{name} is not of the right type")
    return value


def optional(document: Document, name: str, kind: type[T], default: T) -> T:
    """An optional member, absent or null. Unprocessable for the wrong type."""
    if document.get(name) is None:
        return default
    return required(document, name, kind) if document[name] != "" else default
