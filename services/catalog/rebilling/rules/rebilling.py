"""Rebilling rules: what the provider charges, sold at a percentage and a fixed amount on top."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.catalog.plans.rules.matches import Match, find_tie, label
from services.catalog.rebilling.rules.products import by_meter, check_products, shares_a_part
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.values.cost_plus import Markup
from services.common.values.effective_dates import Span
from services.common.values.periods import month_of

__all__ = [
    "Basis",
    "LateBill",
    "NewRule",
    "RebillingRule",
    "check_month",
    "check_rule",
    "check_rules_decide",
]


class Basis(StrEnum):
    """What a rule marks up."""

    LIST = "list"
    """The provider's list price of the usage."""
    BILL = "bill"
    """The cost lines of the provider's bill that are attributed to the tenant."""


class LateBill(StrEnum):
    """What a rule of the basis `bill` does at the month's end if the bill is not there yet."""

    WAIT = "wait"
    """The tenant's invoice of the month is drafted when the bill is there."""
    NEXT_MONTH = "next_month"
    """The invoice is drafted without the costs; a later one bills them as adjustments."""


SCOPE: Final = frozenset({"tenant", "plan", "meter", "sku"})
"""What a rule may be restricted to."""
SCOPE_OF_BILL: Final = SCOPE | {"product"}
"""What a rule on cost lines may be restricted to."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule to set, from a month on; `effective_to` is the month after the last."""

    code: str
    basis: Basis
    match: Match
    """The scope: `tenant`, `plan`, `meter`, `sku` and, for `bill`, `product` with their values."""
    markup: Markup
    currency: str
    takes_all: bool
    effective_from: date
    effective_to: date | None
    late_bill: LateBill | None = None
    """Only for the basis `bill`."""


@dataclass(frozen=True, slots=True)
class RebillingRule:
    """A stored rule."""

    id: UUID
    rule: NewRule
    created_by: str
    created_at: datetime
    continues: UUID | None = None
    """The rule whose rest it is, after another one of its code."""


def check_rule(rule: NewRule, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for a rule that contradicts itself.

    `field` is the path of the rule in the input.
    """
    scope = SCOPE_OF_BILL if rule.basis is Basis.BILL else SCOPE
    for key, values in rule.match:
        if not values or "" in values:
            raise InvalidArgument(
                f"{field}match.{key}", "has an empty value", reason="FIELD_REQUIRED"
            )
        if key not in scope:
            raise InvalidArgument(
                f"{field}match.{key}",
                f"is not a scope of rules: it may have {', '.join(sorted(scope))}",
            )
    if rule.basis is Basis.BILL:
        check_products(rule.match, field)
    for name in ("effective_from", "effective_to"):
        month = getattr(rule, name)
        if month is not None and month.day != 1:
            raise _not_a_month(f"{field}{name}")
    if rule.effective_to is not None and rule.effective_to <= rule.effective_from:
        raise InvalidArgument(
            f"{field}effective_to", "must be after effective_from", reason="OUT_OF_RANGE"
        )


def check_month(field: str, month: date, today: date) -> None:
    """Raises InvalidArgument for a change from a month on that is over.

    It is billed, or about to be; a change of its rules would adjust its invoices.
    """
    current = month_of(today).start
    if month.day != 1:
        raise _not_a_month(field)
    if month < current:
        raise InvalidArgument(
            field, f"must not be before the current month, {current}", reason="OUT_OF_RANGE"
        )


def _not_a_month(field: str) -> InvalidArgument:
    return InvalidArgument(field, "is not the first day of a month", reason="OUT_OF_RANGE")


def check_rules_decide(rules: Iterable[NewRule]) -> None:
    """Raises FailedPrecondition, naming both, if two rules tie for something in some month.

    A rule on list prices and one on cost lines tie too: only one of them may price a droplet.
    """
    of_currency: defaultdict[str, list[NewRule]] = defaultdict(list)
    for rule in rules:
        of_currency[rule.currency].append(rule)
    for known in of_currency.values():
        for day in sorted({one.effective_from for one in known}):
            current = [one for one in known if day in Span(one.effective_from, one.effective_to)]
            tie = find_tie([by_meter(one.match) for one in current])
            if tie is not None:
                _refuse(current[tie.one], current[tie.other], tie.dimensions, day)
            _check_whole_products(current)


def _check_whole_products(rules: Sequence[NewRule]) -> None:
    on_bill = [one for one in rules if one.basis is Basis.BILL]
    for one in rules if on_bill else ():
        for other in on_bill:
            if one.basis is Basis.LIST and shares_a_part(one.match, other.match):
                raise FailedPrecondition(
                    f"match: the rule {one.code} names some meters of a product, and"
                    f" {other.code} prices its cost lines: name all meters of the product",
                    reason="PRODUCT_IN_PART",
                    metadata={"field": "match", "rules": f"{one.code}, {other.code}"},
                )


def _refuse(one: NewRule, other: NewRule, fact: Mapping[str, str], day: date) -> None:
    said = label(tuple((key, (value,)) for key, value in sorted(fact.items()))) or "everything"
    raise FailedPrecondition(
        f"match: the rules {one.code} and {other.code} tie for {said} from {day:%Y-%m}: make one"
        " of them more specific, or set one for what both match",
        reason="MATCH_TIE",
        metadata={"field": "match", "rules": f"{one.code}, {other.code}"},
    )
