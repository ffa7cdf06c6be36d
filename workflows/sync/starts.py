"""The kinds of syncs and drift sweeps, and their manual starts."""

from collections.abc import Collection, Sequence
from typing import Final

from contracts.drift import DriftSweepInput, drift_sweep
from contracts.flows import BY_HAND, Start
from contracts.providers import DIGITALOCEAN
from contracts.sync import ResourceSyncInput, resource_sync
from kinds import RESOURCE_KINDS
from kinds.project import PROJECT
from services.common.settings import Settings

__all__ = [
    "HOURLY_KINDS",
    "SLOW_KINDS",
    "SYNCED_KINDS",
    "UnknownKind",
    "drift_sweep_by_hand",
    "sync_by_hand",
]

SYNCED_KINDS: Final = (PROJECT, *RESOURCE_KINDS)
"""Every synced kind, projects first."""

SLOW_KINDS: Final = tuple(kind.name for kind in RESOURCE_KINDS.values() if kind.rarely_changes)
HOURLY_KINDS: Final = tuple(kind for kind in SYNCED_KINDS if kind not in SLOW_KINDS)


class UnknownKind(ValueError):
    """An unknown kind."""


def sync_by_hand(settings: Settings, kinds: Sequence[str] = ()) -> Start[ResourceSyncInput]:
    """A sync of these kinds, all if none is named. Raises UnknownKind.

    While a run with the same kinds is active, it is the same run.
    """
    chosen, key = _chosen(kinds, SYNCED_KINDS)
    return resource_sync(
        ResourceSyncInput(DIGITALOCEAN, chosen, settings.internal_project), BY_HAND, *key
    )


def drift_sweep_by_hand(kinds: Sequence[str] = ()) -> Start[DriftSweepInput]:
    """A drift sweep, like a sync. Raises UnknownKind."""
    chosen, key = _chosen(kinds, tuple(RESOURCE_KINDS))
    return drift_sweep(DriftSweepInput(DIGITALOCEAN, chosen), BY_HAND, *key)


def _chosen(
    kinds: Collection[str], known: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds in order, and their part of the run id, which is empty for all kinds."""
    strange = sorted(set(kinds).difference(known))
    if strange:
        raise UnknownKind(f"unknown kind: {', '.join(strange)}; known kinds: {', '.join(known)}")
    chosen = tuple(kind for kind in known if not kinds or kind in kinds)
    return chosen, () if chosen == known else ("+".join(chosen),)
