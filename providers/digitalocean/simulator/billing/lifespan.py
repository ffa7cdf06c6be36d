"""Lifespans: when something billable existed, under which name and at which size."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

__all__ = ["Lifespan"]


@dataclass(frozen=True)
class Lifespan:
    """One stretch of a resource's life in which nothing that the bill shows changed.

    A resize or a rename ends one stretch and begins the next, for the same `resource_id`.
    """

    kind: str
    """What is billed: `droplet`, `backup`, `volume`, … as `billing.prices` lists them."""
    resource_id: str
    resource_uuid: str
    name: str
    region: str
    project: str
    started_at: datetime
    sku: str = ""
    """The size slug where the price depends on it, else empty."""
    quantity: Decimal = Decimal(1)
    """GB for storage, units or nodes otherwise."""
    group_name: str = ""
    """The Kubernetes cluster of a node; else empty."""
    ended_at: datetime | None = None
    """Exclusive; None while it goes on."""

    def since(self, instant: datetime, **changes: Any) -> "Lifespan":
        """The open lifespan that follows this one, from a whole second on."""
        started_at = instant.replace(microsecond=0)
        return replace(self, started_at=started_at, ended_at=None, **changes)
