"""The effective value of a tenant's limit, and the values that may be set."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.errors import InvalidArgument
from services.common.limits.declared import LIMITS, Limit

__all__ = ["LimitState", "NewValue", "SetValue", "check_new_value", "limit_of", "value_of"]


@dataclass(frozen=True, slots=True)
class NewValue:
    """An operator's setting: a value, or None for the default."""

    tenant_id: str
    limit: Limit
    value: int | None
    ends_on: date | None
    set_by: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class SetValue:
    """The latest setting of a tenant's limit."""

    tenant_id: str
    name: str
    value: int | None
    ends_on: date | None
    set_by: str
    reason: str
    set_at: datetime

    def holds_on(self, day: date) -> bool:
        """Whether it overrides the default and has not ended."""
        return self.value is not None and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class LimitState:
    """The current limit of a tenant."""

    limit: Limit
    value: int
    used: int | None
    """None if the catalog does not count it."""
    set_value: SetValue | None
    """The value that overrides the default."""


def limit_of(field: str, name: str) -> Limit:
    """A limit by name. Raises InvalidArgument."""
    if name not in LIMITS:
        raise InvalidArgument(
            field, f"{name!r} is not one of {', '.join(LIMITS)}", reason="UNKNOWN_LIMIT"
        )
    return LIMITS[name]


def check_new_value(new: NewValue) -> None:
    """Raises InvalidArgument for a value out of range, or an end in the past."""
    limit = new.limit
    if limit.by_grants:
        raise InvalidArgument(
            "name",
            f"{limit.name} are granted one by one (POST /api/v1/trial-grants)",
            reason="LIMIT_BY_GRANTS",
        )
    if new.value is None:
        if new.ends_on is not None:
            raise InvalidArgument("ends_on", "is only for a value: the default has no end")
        return
    if not limit.lowest <= new.value <= limit.highest:
        raise InvalidArgument(
            "limit", f"must be {limit.lowest:,} to {limit.highest:,}", reason="OUT_OF_RANGE"
        )
    if new.ends_on is not None and new.ends_on <= new.set_at.date():
        raise InvalidArgument("ends_on", "must be after today", reason="OUT_OF_RANGE")


def value_of(limit: Limit, last_set: SetValue | None, day: date) -> int:
    """The effective value on a day."""
    if last_set is not None and last_set.value is not None and last_set.holds_on(day):
        return last_set.value
    return limit.default
