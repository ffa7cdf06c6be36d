"""The rebilling rules of a draft, as if they had been in force in every month."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from services.catalog.quotes.rules.from_cost import KnownCosts
from services.catalog.quoting.inputs import QuoteInputs
from services.catalog.quoting.rebilling.snapshots import ListPriceSnapshot, RuleSnapshot
from services.catalog.rebilling.rules.products import meters_of_scope
from services.catalog.rebilling.rules.rebilling import Basis, NewRule
from services.common.values.periods import FIRST_YEAR

__all__ = ["ALWAYS", "DraftRules", "changes_rules", "drafted_costs", "rules_left_out"]

ALWAYS: Final = date(FIRST_YEAR, 1, 1)
"""The first day of what a draft sets."""

DraftRules = Mapping[str, NewRule | None]
"""The last rule of a code; None if the draft ends it."""


def changes_rules(rules: DraftRules, frozen: QuoteInputs) -> bool:
    """Whether a draft's rules may price a month otherwise."""
    rebilling = frozen.rebilling
    billed = () if rebilling is None else (*rebilling.rules, *rebilling.bill_rules)
    return any(rule.code in rules for rule in billed) or any(
        rule is not None and rule.currency == frozen.currency for rule in rules.values()
    )


def rules_left_out(rules: DraftRules, frozen: QuoteInputs) -> list[str]:
    """The codes of a draft's rules on cost lines that cannot price a month.

    The cost lines of a month that no rule rebilled are not in its inputs.
    """
    if frozen.rebilling is not None and frozen.rebilling.costs:
        return []
    return sorted(
        rule.code
        for rule in rules.values()
        if rule is not None and rule.basis is Basis.BILL and rule.currency == frozen.currency
    )


def drafted_costs(
    rules: DraftRules,
    frozen: QuoteInputs,
    list_prices: Sequence[ListPriceSnapshot],
    rate: Decimal | None,
) -> KnownCosts | None:
    """What prices a month from cost by a draft; None without a rule.

    Rules that the draft does not name stay frozen, and so do list prices and the exchange rate of
    a month that was billed by rules; `rate` is that of other months. Rules on cost lines price only
    months whose costs were rebilled.
    """
    billed = frozen.rebilling
    kept = [] if billed is None else [(Basis.LIST, rule) for rule in billed.rules]
    if billed is not None:
        kept += [(Basis.BILL, rule) for rule in billed.bill_rules]
    rules_now = [
        *(
            (_always(rule, basis, frozen.currency), rule)
            for basis, rule in kept
            if rule.code not in rules
        ),
        *(
            (replace(rule, effective_from=ALWAYS, effective_to=None), _snapshot(rule))
            for rule in rules.values()
            if rule is not None
            and rule.currency == frozen.currency
            # The costs of a month that no rule rebilled are not in its inputs.
            and (rule.basis is Basis.LIST or (billed is not None and billed.costs))
        ),
    ]
    if not rules_now:
        return None
    listed = {price.id: price for price in list_prices}
    if billed is not None:
        rate = billed.exchange_rate
        listed |= {price.id: price for price in billed.list_prices}
    return KnownCosts(rules_now, [*listed.values()], {frozen.currency: rate})


def _always(rule: RuleSnapshot, basis: Basis, currency: str) -> NewRule:
    return NewRule(
        rule.code, basis, rule.match, rule.markup, currency, rule.takes_all, ALWAYS, None
    )


def _snapshot(rule: NewRule) -> RuleSnapshot:
    meters = meters_of_scope(rule.match) if rule.basis is Basis.BILL else ()
    return RuleSnapshot(
        f"draft/{rule.code}", rule.code, rule.match, rule.markup, rule.takes_all, meters
    )
