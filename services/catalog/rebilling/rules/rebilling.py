"""Rebilling rules: what the provider charges, sold at a percentage and a fixed amount on top."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.catalog.plans.rules.matches import Match, find_tie, label
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.values.cost_plus import Markup
from services.common.values.effective_dates import Span

__all__ = ["SCOPES", "Basis", "NewRule", "RebillingRule", "check_rule", "check_rules_decide"]


class Basis(StrEnum):
    """What a rule marks up."""

    LIST = "list"
    """The provider's list price of the usage."""
    BILL = "bill"
    """The cost lines that are attributed to the tenant."""


SCOPES: Final[Mapping[Basis, frozenset[str]]] = {
    Basis.LIST: frozenset({"tenant", "plan", "meter", "sku"}),
    Basis.BILL: frozenset({"tenant", "product", "sku"}),
}
"""What a rule may be restricted to: a cost line has a product, usage has a meter and a plan."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule to set, from a month on; `effective_to` is the month after the last."""

    code: str
    basis: Basis
    match: Match
    """The scope: `tenant`, `plan`, `meter`, `product` and `sku` with their values."""
    markup: Markup
    currency: str
    takes_all: bool
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True)
class RebillingRule:
    """A stored rule."""

    id: UUID
    rule: NewRule
    created_by: str
    created_at: datetime


def check_rule(rule: NewRule) -> None:
    """Raises InvalidArgument, with the field, for a rule that contradicts itself."""
    for key, _ in rule.match:
        if key not in SCOPES[rule.basis]:
            allowed = ", ".join(sorted(SCOPES[rule.basis]))
            raise InvalidArgument(
                f"match.{key}", f"is not for a rule on the {rule.basis}: it may have {allowed}"
            )
    if rule.takes_all and rule.basis is Basis.BILL:
        raise InvalidArgument("takes_all", "is for rules on list prices")
    for field in ("effective_from", "effective_to"):
        day: date | None = getattr(rule, field)
        if day is not None and day.day != 1:
            raise InvalidArgument(field, "is not the first day of a month", reason="OUT_OF_RANGE")
    if rule.effective_to is not None and rule.effective_to <= rule.effective_from:
        raise InvalidArgument("effective_to", "must be after effective_from", reason="OUT_OF_RANGE")


def check_rules_decide(rules: Iterable[NewRule]) -> None:
    """Raises FailedPrecondition, naming both, if two rules tie for something in some month."""
    lines: defaultdict[tuple[Basis, str], list[NewRule]] = defaultdict(list)
    for rule in rules:
        lines[rule.basis, rule.currency].append(rule)
    for of_line in lines.values():
        for day in sorted({one.effective_from for one in of_line}):
            current = [one for one in of_line if day in Span(one.effective_from, one.effective_to)]
            tie = find_tie([one.match for one in current])
            if tie is not None:
                _refuse(current[tie.one], current[tie.other], tie.dimensions, day)


def _refuse(one: NewRule, other: NewRule, fact: Mapping[str, str], day: date) -> None:
    said = label(tuple((key, (value,)) for key, value in sorted(fact.items()))) or "everything"
    raise FailedPrecondition(
        f"match: the rules {one.code} and {other.code} tie for {said} from {day:%Y-%m}: make one"
        " of them more specific, or set one for what both match",
        reason="MATCH_TIE",
        metadata={"field": "match", "rules": f"{one.code}, {other.code}"},
    )
