"""Which value of a limit holds for a tenant, and which may be set."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.errors import InvalidArgument
from services.common.limits.declared import LIMITS, Limit

__all__ = ["LimitState", "NewValue", "SetValue", "check_new_value", "limit_named", "value_of"]


@dataclass(frozen=True, slots=True)
class NewValue:
    """What an operator sets: a value of a limit, or (None) the default again."""

    tenant_id: str
    limit: Limit
    value: int | None
    ends_on: date | None
    set_by: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class SetValue:
    """What was set last for a limit of a tenant."""

    tenant_id: str
    name: str
    value: int | None
    ends_on: date | None
    set_by: str
    reason: str
    set_at: datetime

    def holds_on(self, day: date) -> bool:
        """Whether it is a value of its own, and not over."""
        return self.value is not None and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class LimitState:
    """A limit of a tenant as it is now."""

    limit: Limit
    value: int
    used: int | None
    """None where the catalog does not count it."""
    set_value: SetValue | None
    """What holds instead of the default."""


def limit_named(field: str, name: str) -> Limit:
    """A limit by its name, else InvalidArgument."""
    if name not in LIMITS:
        raise InvalidArgument(
            field, f"{name!r} is not one of {', '.join(LIMITS)}", reason="UNKNOWN_LIMIT"
        )
    return LIMITS[name]


def check_new_value(new: NewValue) -> None:
    """Raises InvalidArgument for a value out of the limit's range, and for an end in the past."""
    limit = new.limit
    if limit.by_grants:
        raise InvalidArgument(
            "name",
            f"{limit.name} are granted one by one (POST /api/v1/trial-grants)",
            reason="LIMIT_BY_GRANTS",
        )
    if new.value is None:
        if new.ends_on is not None:
            raise InvalidArgument("ends_on", "needs a limit: the default has no end")
        return
    if not limit.lowest <= new.value <= limit.highest:
        raise InvalidArgument(
            "limit", f"must be {limit.lowest:,} to {limit.highest:,}", reason="OUT_OF_RANGE"
        )
    if new.ends_on is not None and new.ends_on <= new.set_at.date():
        raise InvalidArgument("ends_on", "must be after today", reason="OUT_OF_RANGE")


def value_of(limit: Limit, last_set: SetValue | None, day: date) -> int:
    """What holds on a day, by what was set last."""
    if last_set is not None and last_set.value is not None and last_set.holds_on(day):
        return last_set.value
    return limit.default
