"""How a field's value is brought down to what we keep: ids and slugs, in one order."""

from typing import Any

from providers.digitalocean.redaction import redact

__all__ = ["addresses", "image", "slug", "unordered", "whole"]


def slug(value: Any) -> str:  # noqa: ANN401
    """The slug of an embedded object, or the slug as it stands; empty for null."""
    if isinstance(value, dict):
        value = value.get("slug")
    return value or ""


def unordered(value: list[Any] | None) -> list[Any]:
    """A list of scalars whose order means nothing."""
    return sorted(value) if value else []


def image(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """The id and slug of an embedded image; the slug is null for our own and for retired ones."""
    return None if value is None else {"id": value.get("id"), "slug": value.get("slug")}


def addresses(value: dict[str, Any] | None) -> list[str]:
    """The addresses of a droplet's networks, as `public 192.0.2.7`; their order means nothing."""
    if not value:
        return []
    return sorted(
        f"{network['type']} {network['ip_address']}"
        for networks in value.values()
        for network in networks
    )


def whole(value: Any) -> Any:  # noqa: ANN401
    """An object as it is, less what looks like a secret."""
    return redact(value)
