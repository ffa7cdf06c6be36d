"""Usage of a period, day by day, as it is priced."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["UsageRun", "UsageSeries"]


@dataclass(frozen=True, slots=True)
class UsageRun:
    """The same quantity on each of some days in a row."""

    first_day: date
    days: int
    qty: Decimal
    """Of each day, in units of the kind, exact."""


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """How much of a kind a deployment used in a period, day by day."""

    tenant_id: str
    deployment_id: str
    resource_kind: str
    runs: tuple[UsageRun, ...]
    """In the order of their days; days without usage are left out."""
    facts_hash: str
    """Names the facts behind it: SHA-256, lower-case hexadecimal."""
