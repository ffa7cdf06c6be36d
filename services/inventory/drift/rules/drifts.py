"""Drifts: records, states and transitions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from kinds.pricing import BySize, PriceRule
from services.inventory.drift.rules.fields import COLUMNS, GONE, PRESENCE, PRESENT, Json, declared

__all__ = [
    "NEXT",
    "REVERTIBLE",
    "ActionCause",
    "Cost",
    "Drift",
    "ExplainedDrift",
    "Priced",
    "Revert",
    "RevertStatus",
    "Status",
    "cost_of",
]

NOTHING: Final = Decimal(0)
PRICED_AS_A_WHOLE: Final = frozenset({"size", PRESENCE})
"""Fields that have a price even if both values cost the same."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The price-relevant state of a resource, with desired values applied."""

    size: str
    attrs: Mapping[str, Json]

    def having(self, field: str, value: Json) -> "Priced":
        """A copy with another value of a field."""
        if field == "size":
            return replace(self, size=str(value or ""))
        if field in COLUMNS or field == PRESENCE:
            return self
        return replace(self, attrs=_with(self.attrs, field, value))


@dataclass(frozen=True, slots=True)
class Cost:
    """USD per month, exact, at the provider's list prices."""

    expected_monthly_usd: Decimal
    actual_monthly_usd: Decimal

    @property
    def delta_monthly_usd(self) -> Decimal:
        """The live cost less the desired cost."""
        return self.actual_monthly_usd - self.expected_monthly_usd


def cost_of(
    kind: str,
    field: str,
    expected: Json,
    actual: Json,
    *,
    live: Priced,
    spec: Mapping[str, Json],
    list_prices: Mapping[str, Decimal],
) -> Cost | None:
    """The cost of a mismatch; None if the field has no price or one is unknown.

    `list_prices` are USD per month by size, from the provider's API; they take precedence over
    those that the kind declares.
    """
    declaration = declared(kind)
    if declaration is None:
        return None
    rule = _with_list_prices(declaration.monthly_price, list_prices)
    if field == PRESENCE:
        whole = live
        for name, value in spec.items():
            whole = whole.having(name, value)
        prices = [_presence_price(rule, whole, value) for value in (expected, actual)]
    else:
        prices = [_price(rule, live.having(field, value)) for value in (expected, actual)]
    before, after = prices
    if before is None or after is None:
        return None
    if before == after and (field not in PRICED_AS_A_WHOLE or not before):
        return None
    return Cost(before, after)


def _presence_price(rule: PriceRule, whole: Priced, value: Json) -> Decimal | None:
    if value == GONE:
        return NOTHING
    return _price(rule, whole) if value == PRESENT else None


def _price(rule: PriceRule, priced: Priced) -> Decimal | None:
    try:
        return rule.of(priced.size, priced.attrs)
    except (AttributeError, TypeError, ValueError):
        # A spec may contain any value; one that cannot be priced has no price.
        return None


def _with_list_prices(rule: PriceRule, list_prices: Mapping[str, Decimal]) -> PriceRule:
    if isinstance(rule, BySize) and list_prices:
        return replace(rule, prices={**rule.prices, **list_prices})
    return rule


def _with(attrs: Mapping[str, Any], path: str, value: Json) -> dict[str, Any]:
    step, dot, rest = path.partition(".")
    if not dot or path in attrs:
        return {**attrs, path: value}
    inner = attrs.get(step)
    return {**attrs, step: _with(inner if isinstance(inner, Mapping) else {}, rest, value)}


class Status(StrEnum):
    """The status of a drift."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """The live value became the desired one."""
    REVERTED = "reverted"
    """The cloud was changed to match the spec, and verified."""
    STALE = "stale"
    """It disappeared by itself or with its spec."""


NEXT: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.OPEN: frozenset({Status.ACCEPTED, Status.REVERTED, Status.STALE}),
        Status.ACCEPTED: frozenset(),
        Status.REVERTED: frozenset(),
        Status.STALE: frozenset(),
    }
)
"""The transitions. A closed drift stays closed: a later mismatch is a new drift."""

REVERTIBLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"droplet": frozenset({"size", "name", "tags", "project_id"})}
)
"""Fields that can be changed on an existing resource without loss, by kind."""


class RevertStatus(StrEnum):
    """The status of the newest revert; empty without one."""

    NONE = ""
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ActionCause:
    """The provider's action that caused a drift."""

    action_id: str
    action_type: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ExplainedDrift:
    """A drift with its cause from the provider's action log."""

    id: UUID
    cause: ActionCause


@dataclass(frozen=True, slots=True)
class Revert:
    """The newest revert of a drift."""

    workflow_id: str
    run_id: str
    status: RevertStatus
    reason: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A drift with its resource, the rule that mutes it, and its pricing inputs."""

    id: UUID
    resource_id: UUID
    provider: str
    provider_id: str
    kind: str
    name: str
    tenant_id: str | None
    deployment_id: str | None
    field: str
    expected: Json
    actual: Json
    spec_version: int
    status: Status
    detected_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolved_by: str
    cause: ActionCause | None
    revert: Revert | None
    live: Priced
    spec: Mapping[str, Json] | None
    muted_by: UUID | None
