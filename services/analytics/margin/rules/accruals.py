"""Accruals of subscriptions in the running month, and pricing errors."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Accrual", "AccrualFailure"]


@dataclass(frozen=True, slots=True)
class Accrual:
    """The accrual of a subscription, without tax, in whole cents of its currency."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    recurring_cents: int
    """Recurring charges, prorated to the covered part of the month."""
    overage_cents: int
    ad_hoc_cents: int
    kind_cents: dict[str, int]
    """The same by billed kind."""
    currency: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    usage_until: datetime | None = None
    """The time up to which its usage is known."""

    @property
    def accrued_cents(self) -> int:
        """The sum of all parts."""
        return self.recurring_cents + self.overage_cents + self.ad_hoc_cents


@dataclass(frozen=True, slots=True)
class AccrualFailure:
    """A subscription that could not be priced, with the reason."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    reason: str
    message: str
