"""What a subscription has come to in the running month, or why it could not be priced."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Accrual", "AccrualFailure"]


@dataclass(frozen=True, slots=True)
class Accrual:
    """What a subscription has come to, without tax, in whole cents of its currency."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    recurring_cents: int
    """Of the part of the month that it covers."""
    overage_cents: int
    ad_hoc_cents: int
    kind_cents: dict[str, int]
    """The same by the kind that is billed."""
    currency: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    usage_until: datetime | None = None
    """Up to when its usage is known."""

    @property
    def accrued_cents(self) -> int:
        """All of it."""
        return self.recurring_cents + self.overage_cents + self.ad_hoc_cents


@dataclass(frozen=True, slots=True)
class AccrualFailure:
    """A subscription that could not be priced, and why."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    reason: str
    message: str
