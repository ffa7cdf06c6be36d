"""Comparators: whether the desired and the live value of a field are equivalent.

Each takes (expected, actual) as JSON values and never raises: a value of an unexpected form is
compared unchanged. True is equal, False is different, None is undecidable. `by_default` is for
fields without a comparator. The differences that are ignored here are DigitalOcean's notations of
a value; every other difference counts.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from kinds.canonical import canonical, scalar_text

__all__ = [
    "Comparator",
    "by_case",
    "by_default",
    "database_engine",
    "droplet_features",
    "image",
    "is_system_tag",
    "is_unset",
    "load_balancer_size",
    "maintenance_window",
    "node_pools",
    "normalised",
    "number",
    "tags",
    "unset_alike",
]

Json = Any
Comparator = Callable[[Json, Json], bool | None]
Normal = Callable[[Json], Json]

SYSTEM_TAGS: Final = ("k8s", "terraform")
"""Tags set by the provider and by tools: these, and any with such a prefix and a colon."""

LOAD_BALANCER_NODES: Final = {"lb-small": "1", "lb-medium": "3", "lb-large": "6"}
DROPLET_AGENT: Final = "droplet_agent"


def by_default(expected: Json, actual: Json) -> bool:
    """Scalars by their text, lists as multisets, maps by key."""
    if type(expected) is str and type(actual) is str:
        return expected == actual
    return canonical(expected) == canonical(actual)


def normalised(normal: Normal) -> Comparator:
    """Compares by default after normalising both values."""

    def same(expected: Json, actual: Json) -> bool:
        return by_default(normal(expected), normal(actual))

    return same


def unset_alike(same: Comparator) -> Comparator:
    """As `same`, but null, `""`, `[]` and `{}` are equal: for a field where all mean unset."""

    def compared(expected: Json, actual: Json) -> bool | None:
        if is_unset(expected) or is_unset(actual):
            return is_unset(expected) and is_unset(actual)
        return same(expected, actual)

    return compared


def by_case(expected: Json, actual: Json) -> bool:
    """Compares texts without case: slugs of sizes and regions, environments of projects."""
    return by_default(_lower(expected), _lower(actual))


def number(expected: Json, actual: Json) -> bool:
    """Compares numbers by value, also as text: `"1.50"` is 1.5."""
    first, second = _decimal(expected), _decimal(actual)
    if first is None or second is None:
        return by_default(expected, actual)
    return first == second


def tags(expected: Json, actual: Json) -> bool:
    """Compares tags as a set without case; system tags are ignored."""
    return by_default(_tag_set(expected), _tag_set(actual))


def image(expected: Json, actual: Json) -> bool:
    """Compares images by slug or id, whichever both sides have; a retired image has no slug."""
    first, second = _image_names(expected), _image_names(actual)
    if first is None or second is None:
        return by_default(expected, actual)
    shared = [(one, two) for one, two in zip(first, second, strict=True) if one and two]
    return any(one == two for one, two in shared) if shared else actual is not None


def _pools(value: Json) -> Json:
    return [_pool(pool) for pool in value] if isinstance(value, list) else value or []


def _pool(pool: Json) -> Json:
    if not isinstance(pool, dict):
        return pool
    # Unset options, and the sizes that the autoscaler changes or does not use.
    idle = {"count"} if pool.get("auto_scale") is True else {"min_nodes", "max_nodes"}
    ignored = {"id", "nodes"} | idle
    normal = {name: value for name, value in pool.items() if name not in ignored}
    normal |= {"size": _lower(pool.get("size")), "tags": _tag_set(pool.get("tags"))}
    return {
        name: value for name, value in normal.items() if not is_unset(value) and value is not False
    }


node_pools: Final = normalised(_pools)
"""Pools in any order; an autoscaled one by its bounds, not by its current number of nodes."""


def _nodes_of_load_balancer(value: Json) -> Json:
    return LOAD_BALANCER_NODES.get(value.lower(), value) if isinstance(value, str) else value


load_balancer_size: Final = normalised(_nodes_of_load_balancer)
"""`lb-small`, `lb-medium` and `lb-large` are the size units 1, 3 and 6."""


def _features(value: Json) -> Json:
    if not isinstance(value, list):
        return value or []
    return [feature for feature in value if feature != DROPLET_AGENT]


droplet_features: Final = normalised(_features)
"""Features in any order; the agent appears after the first boot."""


def _clock(value: Json) -> Json:
    parts = value.split(":") if isinstance(value, str) else []
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        return value
    return ":".join(part.zfill(2) for part in (*parts, "00")[:3])


def _window(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    normal = {
        name: _clock(_lower(part))
        for name, part in value.items()
        if name not in ("description", "duration", "pending")
    }
    return {name: part for name, part in normal.items() if not is_unset(part)}


maintenance_window: Final = normalised(_window)
"""Day and hour; only the provider sets the pending updates and the duration.

`13:00` is `13:00:00`, and `4:00` is `04:00`.
"""


def _engine(value: Json) -> Json:
    name = _lower(value)
    return "valkey" if name == "redis" else name


database_engine: Final = normalised(_engine)
"""Redis became Valkey. The version is a separate field, so a forced upgrade shows there."""


def _lower(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def is_unset(value: Json) -> bool:
    """Whether a value is null, or an empty text, list or object."""
    return value is None or value in ("", [], {})


def _decimal(value: Json) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _tag_set(value: Json) -> Json:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        return value
    return sorted({tag.lower() for tag in value if not is_system_tag(tag)})


def is_system_tag(tag: str) -> bool:
    """Whether the provider or a tool set a tag, which is then never compared, added or removed."""
    lowered = tag.lower()
    return lowered == "k8s" or lowered.startswith(tuple(f"{prefix}:" for prefix in SYSTEM_TAGS))


def _image_names(value: Json) -> tuple[str, str] | None:
    """The slug and id in a value, each empty if missing; None if it is not an image."""
    if isinstance(value, dict):
        slug, identifier = value.get("slug"), value.get("id")
        if isinstance(slug, list | dict) or isinstance(identifier, list | dict):
            return None
        return scalar_text(_lower(slug)) or "", scalar_text(identifier) or ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).lower()
    return ("", text) if text.isdecimal() else (text, "")
