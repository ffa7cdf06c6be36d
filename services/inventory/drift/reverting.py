"""What can be set back, and the work that does it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from contracts.providers import DIGITALOCEAN
from services.common.durable import Work
from services.inventory.drift.rules.drifts import Drift

__all__ = ["REVERTIBLE", "revert_of"]

REVERTIBLE: Final[Mapping[str, frozenset[str]]] = {
    "droplet": frozenset({"size", "name", "tags", "project_id"}),
}
"""The fields that the provider lets be set on what exists, without loss, by kind."""

QUEUE: Final = "provisioning"
TIMEOUT: Final = timedelta(days=7)
"""The last resort: every step has its own, shorter patience."""


def revert_of(drift: Drift) -> Work:
    """The work that reverts a drift: one run a drift at a time."""
    return Work(
        workflow="RevertDrift",
        id=f"revert-drift/{drift.id}",
        queue=QUEUE,
        argument={"drift_id": str(drift.id)},
        summary=f"set {drift.field} of {drift.kind} {drift.name} back",
        timeout=TIMEOUT,
        attributes={
            "ArcadiaProvider": DIGITALOCEAN,
            **({"ArcadiaTenant": drift.tenant_id} if drift.tenant_id else {}),
        },
    )
