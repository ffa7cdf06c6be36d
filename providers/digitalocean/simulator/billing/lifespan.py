"""How long something billable existed, under which name and at which size."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

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
    sku: str
    """The size slug where the price hangs on it, else empty."""
    quantity: Decimal
    """GB for storage, units or nodes otherwise."""
    region: str
    project: str
    group: str
    """The Kubernetes cluster of a node; else empty."""
    started_at: datetime
    ended_at: datetime | None = None
    """Exclusive; None while it goes on."""
