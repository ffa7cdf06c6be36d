"""The daily usage of a period, as priced."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["UsageRun", "UsageSeries"]


@dataclass(frozen=True, slots=True)
class UsageRun:
    """A run of days with the same quantity."""

    first_day: date
    days: int
    qty: Decimal
    """Quantity per day, in units of the kind, exact."""


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """The daily usage of one kind by a deployment in a period."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    runs: tuple[UsageRun, ...]
    """In order; days without usage are omitted."""
    facts_hash: str
    """Hash of its facts: SHA-256, lower-case hexadecimal."""
