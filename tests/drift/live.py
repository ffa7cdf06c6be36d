"""Live resources for the rules, without a database."""

from typing import Any
from uuid import UUID

from services.inventory.drift.rules.comparing import compare
from services.inventory.drift.rules.fields import LiveResource

__all__ = ["drifting", "live"]


def live(**shown: Any) -> LiveResource:
    """A resource as last seen; what is not named is empty."""
    seen: dict[str, Any] = {
        "id": UUID(int=1),
        "name": "web-1",
        "region": "syd1",
        "size": "",
        "status": "active",
        "tags": [],
        "project_id": None,
        "attrs": {},
        "unknown_fields": frozenset(),
        "deleted": False,
        **shown,
    }
    return LiveResource(**seen)


def drifting(kind: str, spec: dict[str, Any], **shown: Any) -> set[str]:
    """The fields on which a resource that is shown so drifts."""
    return {mismatch.field for mismatch in compare(kind, spec, live(**shown)).mismatches}
