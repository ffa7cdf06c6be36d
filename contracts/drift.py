"""The flows of drift: comparing specs with the last seen state, and reverting drifts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.flows import KINDS, PROVIDER, TENANT, Flow, Start, TaskQueue
from contracts.providers import DIGITALOCEAN
from contracts.sync import kinds_text

__all__ = [
    "DRIFT_SWEEP",
    "REVERT_DRIFT",
    "DriftSweepInput",
    "RevertInput",
    "drift_sweep",
    "revert_drift",
]

DRIFT_SWEEP: Final = Flow(
    name="DriftSweep",
    prefix=f"drift-sweep/{DIGITALOCEAN}",
    queue=TaskQueue.CLOUD_SYNC_FULL,
    timeout=timedelta(hours=2),
    purpose="compares specs with the last seen state",
)
REVERT_DRIFT: Final = Flow(
    name="RevertDrift",
    prefix="revert-drift",
    key="<drift id>",
    queue=TaskQueue.PROVISIONING,
    timeout=timedelta(days=7),
    purpose="reverts a field of a droplet, and verifies it",
    started_by="`POST /api/v1/drift/{id}/revert`",
)


@dataclass(frozen=True, slots=True)
class DriftSweepInput:
    """A sweep of the specs of some kinds."""

    provider: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevertInput:
    """A drift to revert."""

    drift_id: str
    requested_by: str = ""
    """The subject of who requested it; empty for runs of releases before this field."""


def drift_sweep(request: DriftSweepInput, *key: str) -> Start[DriftSweepInput]:
    """A sweep of the specs of some kinds."""
    return DRIFT_SWEEP.start(
        request,
        *key,
        summary=f"compare {kinds_text(request.kinds)} of {request.provider} with their specs",
        attributes={PROVIDER: request.provider, KINDS: list(request.kinds)},
    )


def revert_drift(drift_id: str, *, what: str, tenant_id: str, by: str) -> Start[RevertInput]:
    """The revert of a drift; `what` names the field and the resource, `by` who requested it."""
    return REVERT_DRIFT.start(
        RevertInput(drift_id, by),
        drift_id,
        summary=f"revert {what}",
        attributes={PROVIDER: DIGITALOCEAN, TENANT: tenant_id},
    )
