"""An independent computation of a month: day by day, in fractions, from the specification.

It shares no code with the engine. A day belongs to the version in force on it; days are priced
together if they have one plan at one price with the same item, or no item.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.values.periods import Period

__all__ = ["Amounts", "amounts", "billed_days", "rounded", "running"]

Amounts = dict[tuple[str, str], list[int]]
"""The cents of each line, in ascending order, by the kind of line and of usage."""

Usage = Mapping[str, Mapping[date, Decimal]]

FACTORS = {"1k_tokens": 1000}


def rounded(amount: Fraction) -> int:
    """Half up to the cent."""
    return int((amount * 2 + 1) // 2)


def days_of(month: Period) -> Iterator[date]:
    return (month.start + timedelta(days=number) for number in range(month.days))


def holds(start: date, end: date | None, day: date) -> bool:
    return start <= day and (end is None or day < end)


def running(made: Subscription, month: Period) -> list[date]:
    """The days on which a subscription runs, in a trial or not."""
    return [
        day
        for day in days_of(month)
        if holds(made.starts_on, made.ends_on, day)
        and not any(holds(pause.paused_on, pause.resumed_on, day) for pause in made.pauses)
    ]


def billed_days(made: Subscription, month: Period) -> list[date]:
    """Those that are no days of its trial."""
    return [day for day in running(made, month) if made.trial_end is None or day >= made.trial_end]


@dataclass
class Together:
    """The days that are priced together."""

    item: PlanItem | None
    days: int = 0
    allowance: Fraction = Fraction(0)
    used: list[tuple[date, Fraction]] = field(default_factory=list)

    @property
    def total(self) -> Fraction:
        return sum((qty for _, qty in self.used), Fraction(0))


def amounts(made: Subscription, known: Known, usage: Usage, month: Period) -> Amounts:
    """The lines that a month is billed."""
    days = billed_days(made, month)
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    bases: dict[tuple[str, int], int] = defaultdict(int)
    kinds = set(usage)
    for day in days:
        version = known.versions[made.term_on(day).plan_version_id]
        bases[version.plan_code, version.price_cents] += 1
        kinds |= {item.resource_kind for item in version.items}
    for (_, cents), count in bases.items():
        found["plan_base", ""].append(rounded(Fraction(cents * count, month.days)))
    for addon in made.addons:
        count = sum(holds(addon.attached_on, addon.detached_on, day) for day in days)
        if count:
            cents = rounded(Fraction(addon.terms.price_cents * count, month.days))
            found["addon", addon.terms.resource_kind].append(cents)
    for kind in kinds:
        for group in together(kind, made, known, usage.get(kind, {}), days, month):
            if group.item is None:
                found["ad_hoc", kind] += ad_hoc(kind, group, known)
            else:
                found["overage", kind] += overage(group, group.item, month)
    return {what: sorted(cents) for what, cents in found.items() if cents}


def together(
    kind: str,
    made: Subscription,
    known: Known,
    used: Mapping[date, Decimal],
    days: list[date],
    month: Period,
) -> list[Together]:
    groups: list[tuple[Any, Together]] = []
    for day in days:
        version = known.versions[made.term_on(day).plan_version_id]
        item = version.item_of.get(kind)
        key = None if item is None else (version.plan_code, version.price_cents, item)
        group = next((one for name, one in groups if name == key), None)
        if group is None:
            group = Together(item)
            groups.append((key, group))
        group.days += 1
        included = Fraction(0) if item is None else Fraction(item.included_qty)
        for addon in made.addons:
            if addon.terms.resource_kind == kind and holds(
                addon.attached_on, addon.detached_on, day
            ):
                included += Fraction(addon.terms.qty)
        group.allowance += included / month.days
        if used.get(day):
            group.used.append((day, Fraction(used[day])))
    return [group for _, group in groups]


def overage(group: Together, item: PlanItem, month: Period) -> list[int]:
    """The lines of one item for its days of the month."""
    part = Fraction(group.days, month.days)
    over = max(Fraction(0), group.total - group.allowance)
    if item.hard_cap_qty is not None:
        over = min(over, Fraction(item.hard_cap_qty) * part)
    units = over / FACTORS.get(item.overage_unit, 1)
    each, amount = Fraction(item.overage_price_cents), item.amount_cents * part
    model = str(item.pricing_model)
    lines: list[Fraction] = []
    if units:
        if model == "flat":
            lines = [amount]
        elif model == "package":
            size = Fraction(item.package_qty or 0)
            lines = [-(-units // size) * each]
        elif model == "volume":
            price = next(
                tier.unit_price_cents
                for tier in item.tiers
                if tier.up_to_qty is None or units <= Fraction(tier.up_to_qty)
            )
            lines = [units * Fraction(price)]
        elif model == "graduated":
            below = Fraction(0)
            for tier in item.tiers:
                top = units if tier.up_to_qty is None else min(units, Fraction(tier.up_to_qty))
                if top > below:
                    lines.append((top - below) * Fraction(tier.unit_price_cents))
                below = top
        else:
            lines = [units * each]
    cents = [rounded(line) for line in lines]
    if model == "minimum" and rounded(Fraction(amount)) > sum(cents):
        cents.append(rounded(Fraction(amount)) - sum(cents))
    return cents


def ad_hoc(kind: str, group: Together, known: Known) -> list[int]:
    """A line for each unit price, by the day; the allowance goes to the first days."""
    left = group.allowance
    found: dict[str, Fraction] = defaultdict(Fraction)
    for day, qty in group.used:
        allowed = min(left, qty)
        left -= allowed
        if qty > allowed:
            [price] = [
                one
                for _, one in known.prices
                if one.resource_kind == kind and holds(one.effective_from, one.effective_to, day)
            ]
            units = (qty - allowed) / FACTORS.get(price.unit, 1)
            found[price.id] += units * Fraction(price.unit_price_cents)
    return [rounded(amount) for amount in found.values()]
