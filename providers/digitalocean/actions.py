"""The provider's action log: actions on resources, and the drifts that they explain."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import MalformedAnswer

__all__ = ["LOGGED_KINDS", "Action", "can_cause", "read_action", "recent_actions"]

IN_PROGRESS: Final = "in-progress"
COMPLETED: Final = "completed"

MAX_PAGES: Final = 25
"""Maximum pages to read; older actions are ignored, because the log of a large account is endless.
"""

KIND_OF_TYPE: Final[Mapping[str, str]] = {
    "droplet": "droplet",
    "volume": "volume",
    "image": "image",
    "reserved_ip": "reserved_ip",
    "floating_ip": "reserved_ip",
}
"""Our kinds by the log's types of resources."""

LOGGED_KINDS: Final = frozenset(KIND_OF_TYPE.values())
"""The kinds in the log."""

RESIZE: Final = frozenset({"resize"})
POWER: Final = frozenset({"power_on", "power_off", "power_cycle", "shutdown", "reboot"})

CAUSES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("droplet", "size"): RESIZE,
    ("droplet", "memory"): RESIZE,
    ("droplet", "vcpus"): RESIZE,
    ("droplet", "disk"): RESIZE,
    ("droplet", "name"): frozenset({"rename"}),
    ("droplet", "image"): frozenset({"rebuild", "restore"}),
    ("droplet", "status"): POWER,
    ("droplet", "features"): frozenset(
        {"enable_backups", "disable_backups", "enable_ipv6", "enable_private_networking"}
    ),
    ("droplet", "presence"): frozenset({"destroy"}),
    ("volume", "size_gigabytes"): RESIZE,
    ("volume", "droplet_ids"): frozenset({"attach", "detach", "attach_volume", "detach_volume"}),
    ("image", "regions"): frozenset({"transfer"}),
    ("reserved_ip", "droplet"): frozenset({"assign", "unassign", "assign_ip", "unassign_ip"}),
}
"""The types of actions that change a field; a nested path counts as its field."""


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of the log."""

    id: str
    type: str
    kind: str
    """Our kind; empty for a kind that we do not keep."""
    provider_id: str
    status: str
    started_at: datetime
    completed_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether the resource is still changing."""
        return self.status == IN_PROGRESS

    @property
    def is_done(self) -> bool:
        """Whether it took effect."""
        return self.status == COMPLETED

    @property
    def occurred_at(self) -> datetime:
        """When it took effect, as far as the log records it."""
        return self.completed_at or self.started_at


def can_cause(action: Action, kind: str, field: str) -> bool:
    """Whether an action of this type changes that field."""
    types = CAUSES.get((kind, field)) or CAUSES.get((kind, field.partition(".")[0]))
    return types is not None and action.type in types


def read_action(row: JsonObject) -> Action:
    """An entry of the log. Raises MalformedAnswer for one without id or start."""
    try:
        completed_at = row.get("completed_at")
        return Action(
            id=str(row["id"]),
            type=row.get("type") or "",
            kind=KIND_OF_TYPE.get(row.get("resource_type") or "", ""),
            provider_id="" if row.get("resource_id") is None else str(row["resource_id"]),
            status=row.get("status") or "",
            started_at=datetime.fromisoformat(row["started_at"]),
            completed_at=datetime.fromisoformat(completed_at) if completed_at else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(f"an action: {type(error).__name__}: {error}") from error


async def recent_actions(provider: DigitalOcean, since: datetime) -> AsyncIterator[Action]:
    """The actions that began since then, newest first; at most MAX_PAGES pages."""
    async with aclosing(provider.pages("/v2/actions", "actions")) as pages:
        async for page in pages:
            actions = [read_action(row) for row in page.items]
            for action in actions:
                if action.started_at >= since:
                    yield action
            if page.number >= MAX_PAGES or not actions or actions[-1].started_at < since:
                return
