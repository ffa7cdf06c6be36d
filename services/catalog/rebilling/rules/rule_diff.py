"""Computes the changes that bring rebilling rules to those of a document. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.catalog.plans.rules.changes import Change, RuleChange, RuleEnd
from services.catalog.plans.rules.matches import label
from services.catalog.plans.rules.words import NOTHING, differences
from services.catalog.rebilling.rules.rebilling import (
    LateBill,
    NewRule,
    RebillingRule,
    check_rules_decide,
)
from services.common.errors import FailedPrecondition
from services.common.values.effective_dates import Span
from services.common.values.money import plain
from services.common.values.periods import month_of

__all__ = ["check_months", "rule_changes", "rule_content"]

AMOUNTS: Final = ("percent", "fixed_cents", "step_cents", "floor_cents")


def rule_changes(wanted: Sequence[NewRule], kept: Sequence[RebillingRule]) -> list[Change]:
    """Ends first, then rules by first month, because each overrides earlier ones of its code.

    A rule is identified by its code and first month. Raises FailedPrecondition if two rules would
    tie.
    """
    known = {_key(one.rule): one for one in kept}
    roots: dict[UUID | None, NewRule] = {one.id: one.rule for one in kept}
    named = {_key(rule) for rule in wanted}
    ends: list[RuleEnd] = []
    created: list[RuleChange] = []
    for rule in sorted(wanted, key=_key):
        row = known.get(_key(rule))
        rests = () if row is None else _rests(row, kept)
        # The rest of an earlier rule gives way, unless the document names it.
        later = [
            _span(one.rule)
            for one in kept
            if _follows(
                one.rule if _key(one.rule) in named else roots.get(one.continues, one.rule), rule
            )
        ]
        if row is None or _terms(row.rule) != _terms(rule):
            created += _set(rule, row, later)
            continue
        later += [
            _span(other) for other in wanted if _follows(other, rule) and _key(other) not in known
        ]
        for part in (row, *(rest for rest in rests if _key(rest.rule) not in named)):
            end = _end(rule, part.rule.effective_from, later)
            if end == part.rule.effective_to:
                continue
            if end is not None and (part.rule.effective_to is None or end < part.rule.effective_to):
                ends.append(_ended(part, end))
            else:
                longer = replace(part.rule, effective_to=end)
                created.append(_changed(longer, part))
    _check_decided(kept, ends, created)
    return [*ends, *created]


def check_months(changes: Iterable[Change], today: date) -> None:
    """Raises FailedPrecondition for a change of a rule in a month that is over.

    It is billed, or about to be; a change of its rules would adjust its invoices.
    """
    current = month_of(today).start
    for change in changes:
        match change:
            case RuleChange(rule=rule):
                month = rule.effective_from
            case RuleEnd(effective_to=month):
                pass
            case _:
                continue
        if month < current:
            raise FailedPrecondition(
                f"document: {change.object_type.replace('_', ' ')} {change.object_key}: its months"
                f" before {current} are over and cannot change; set another from then on",
                reason="RULE_FIXED",
                metadata={"field": "document", "rule": change.object_key},
            )


def rule_content(rule: NewRule) -> dict[str, Any]:
    """The fields of a rule as in a document, without those that have their defaults."""
    return {
        "code": rule.code,
        "basis": rule.basis.value,
        **({"match": {key: list(values) for key, values in rule.match}} if rule.match else {}),
        **{name: plain(amount) for name in AMOUNTS if (amount := getattr(rule.markup, name))},
        "currency": rule.currency,
        **({"takes_all": True} if rule.takes_all else {}),
        **({"late_bill": rule.late_bill.value} if rule.late_bill is LateBill.NEXT_MONTH else {}),
        "effective_from": rule.effective_from.isoformat(),
        **({"effective_to": rule.effective_to.isoformat()} if rule.effective_to else {}),
    }


def _set(rule: NewRule, row: RebillingRule | None, later: Sequence[Span]) -> Iterator[RuleChange]:
    """A rule, limited to the months without a rule of its code that is set from a later one."""
    for place, months in enumerate(_span(rule).without(later)):
        part = replace(rule, effective_from=months.start, effective_to=months.end)
        if place == 0 and row is not None:
            yield _changed(part, row)
        else:
            yield RuleChange(
                "create", "rebilling_rule", _name(part), differences({}, _words(part)), rule=part
            )


def _changed(rule: NewRule, row: RebillingRule) -> RuleChange:
    return RuleChange(
        "update",
        "rebilling_rule",
        _name(rule),
        differences(_words(row.rule), _words(rule)),
        rule=rule,
        replaces=row.id,
    )


def _ended(row: RebillingRule, end: date) -> RuleEnd:
    before = row.rule.effective_to or NOTHING
    return RuleEnd(
        "update",
        "rebilling_rule",
        _name(row.rule),
        (f"effective_to {before} → {end}",),
        rule=row.rule,
        rule_id=row.id,
        effective_to=end,
    )


def _check_decided(
    kept: Iterable[RebillingRule], ends: Iterable[RuleEnd], created: Iterable[RuleChange]
) -> None:
    """Checks the rules as they are after the changes."""
    ended = {end.rule_id: end.effective_to for end in ends}
    gone: set[UUID | None] = {change.replaces for change in created}
    rules = [
        replace(one.rule, effective_to=ended.get(one.id, one.rule.effective_to))
        for one in kept
        if one.id not in gone and not _is_withdrawn(one, ended.get(one.id))
    ]
    for change in created:
        new = change.rule
        rules = [
            replace(one, effective_from=left.start, effective_to=left.end)
            for one in rules
            for left in (_span(one).without([_span(new)]) if one.code == new.code else [_span(one)])
        ]
        rules.append(new)
    check_rules_decide(rules)


def _is_withdrawn(one: RebillingRule, end: date | None) -> bool:
    return end is not None and end <= one.rule.effective_from


def _rests(row: RebillingRule, kept: Iterable[RebillingRule]) -> list[RebillingRule]:
    """What goes on of a rule after others of its code."""
    return [one for one in kept if one.continues is not None and one.continues == row.id]


def _end(rule: NewRule, start: date, later: Iterable[Span]) -> date | None:
    """The end of a part of a rule: its own, or where the next one begins."""
    ends = [span.start for span in later if span.start > start]
    if rule.effective_to is not None:
        ends.append(rule.effective_to)
    return min(ends, default=None)


def _follows(other: NewRule, rule: NewRule) -> bool:
    return other.code == rule.code and other.effective_from > rule.effective_from


def _terms(rule: NewRule) -> NewRule:
    return replace(rule, effective_from=date.min, effective_to=None)


def _words(rule: NewRule) -> dict[str, str]:
    content = {**rule_content(rule), "match": label(rule.match)}
    return {name: str(said) for name, said in content.items() if said and name != "code"}


def _span(rule: NewRule) -> Span:
    return Span(rule.effective_from, rule.effective_to)


def _key(rule: NewRule) -> tuple[str, date]:
    return rule.code, rule.effective_from


def _name(rule: NewRule) -> str:
    return f"{rule.code} {rule.effective_from:%Y-%m}"
