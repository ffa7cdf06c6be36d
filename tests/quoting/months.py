"""Random months that include every boundary, for the day-by-day computation.

Plain `random`, because a million of them are drawn: a number always gives the same month.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    PriceSnapshot,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.subscriptions.rules.subscriptions import PauseSpan, Subscription
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.values.periods import Period
from tests.quoting.catalogs import KINDS, attached, subscription, term

__all__ = ["MadeMonth", "made_month"]

MONTHS = [Period.month(*month) for month in ((2026, 2), (2028, 2), (2026, 4), (2026, 5))]
MODELS = list(PricingModel)


@dataclass(frozen=True)
class MadeMonth:
    """A subscription in a month, with what was used on its days."""

    month: Period
    subscription: Subscription
    known: Known
    usage: dict[str, dict[date, Decimal]]

    @property
    def series(self) -> list[UsageSeries]:
        """The usage as it is sent: runs of equal days."""
        return [UsageSeries(kind, tuple(_runs(days))) for kind, days in self.usage.items() if days]


def made_month(number: int) -> MadeMonth:
    """The month of a number."""
    random = Random(number)
    month = random.choice(MONTHS)
    sold = _versions(random, month)
    keys = [UUID(int=place + 1) for place in range(len(sold))]
    made = _subscription(random, month, sold, keys)
    known = Known(dict(zip(keys, sold, strict=True)), _prices(random, month))
    return MadeMonth(month, made, known, _usage(random, month, made, sold))


def _day(random: Random, month: Period) -> date:
    return month.start + timedelta(days=random.randrange(month.days))


def _later(random: Random, month: Period) -> date | None:
    """A day of the month or just after it, or none."""
    if random.random() < 0.4:
        return None
    return month.start + timedelta(days=random.randrange(month.days + 3))


def _versions(random: Random, month: Period) -> list[VersionSnapshot]:
    first = _version(random, month, "plan-a", 1)
    sold = [first]
    for number in range(2, random.choice((2, 3, 4))):
        kind = random.random()
        if kind < 0.3:  # the same price and items in another version
            sold.append(replace(first, id=f"plan-a-{number}", version=number))
        elif kind < 0.5:  # the same price, other items
            other = _version(random, month, "plan-a", number)
            sold.append(replace(other, price_cents=first.price_cents))
        else:
            sold.append(_version(random, month, random.choice(("plan-a", "plan-b")), number))
    return sold


def _version(random: Random, month: Period, code: str, number: int) -> VersionSnapshot:
    covered = [kind for kind in KINDS if random.random() < 0.6]
    return VersionSnapshot(
        id=f"{code}-{number}",
        plan_code=code,
        version=number,
        price_cents=random.choice((0, 1, 99, 2000, 5000, random.randrange(10**6))),
        currency="AUD",
        items=tuple(_item(random, month, kind) for kind in covered),
    )


def _item(random: Random, month: Period, kind: str) -> PlanItem:
    model = random.choice(MODELS)
    unit = random.choice(sorted(UNITS[kind]))
    size = UNITS[kind][unit]
    tiers: tuple[PriceTier, ...] = ()
    if model in (PricingModel.GRADUATED, PricingModel.VOLUME):
        limits = sorted({random.choice((1, 10, 100, 1000)) for _ in range(random.randrange(3))})
        tiers = tuple(
            PriceTier(None if limit is None else Decimal(limit), _price(random))
            for limit in (*limits, None)
        )
    included = random.choice((0, 0, month.days, 10 * month.days, 1000))
    return PlanItem(
        resource_kind=kind,
        included_qty=Decimal(included * size),
        overage_unit=unit,
        overage_price_cents=_price(random),
        hard_cap_qty=random.choice((None, None, Decimal(month.days * size), Decimal(7 * size))),
        pricing_model=model,
        tiers=tiers,
        package_qty=Decimal(random.choice(("1", "10", "0.5", "100")))
        if model is PricingModel.PACKAGE
        else None,
        amount_cents=random.choice((0, 1, 500, 99_999))
        if model in (PricingModel.FLAT, PricingModel.MINIMUM)
        else 0,
    )


def _price(random: Random) -> Decimal:
    return Decimal(random.choice(("0", "1", "2", "0.4", "0.5", "10", "7", "12.3456")))


def _subscription(
    random: Random, month: Period, sold: list[VersionSnapshot], keys: list[UUID]
) -> Subscription:
    starts = _day(random, month) if random.random() < 0.5 else month.start - timedelta(days=40)
    ends = _later(random, month)
    if ends is not None and ends < starts:
        ends = None
    cuts = sorted({_day(random, month) for _ in range(random.randrange(4))})
    edges: list[date | None] = [starts, *(cut for cut in cuts if cut > starts), None]
    terms = []
    for place, start in enumerate(edges[:-1]):
        which = random.randrange(len(sold))
        assert start is not None
        terms.append(term(sold[which], keys[which], start, edges[place + 1]))
    pauses = []
    for _ in range(random.choice((0, 0, 1, 2))):
        start, end = _day(random, month), _later(random, month)
        pauses.append(PauseSpan(start, end if end is None or end > start else start))
    trial = _later(random, month) if random.random() < 0.4 else None
    held = []
    for number in range(random.choice((0, 0, 1, 2, 3))):
        addon = AddonSnapshot(
            str(number),
            f"addon-{number}",
            random.choice(KINDS),
            Decimal(random.choice(("50", str(month.days), "0.001", "1000"))),
            random.choice((0, 1, 750, 99_999)),
        )
        start, end = _day(random, month), _later(random, month)
        if random.random() < 0.5:
            start, end = month.start - timedelta(days=9), None
        if end is not None and end < start:
            end = start
        held.append(attached(addon, start, end, number + 1))
    made = subscription(*terms, starts_on=starts)
    return replace(made, ends_on=ends, trial_end=trial, pauses=tuple(pauses), addons=tuple(held))


def _prices(random: Random, month: Period) -> list[tuple[str, PriceSnapshot]]:
    """Unit prices of every kind, one after the other."""
    found = []
    for kind in KINDS:
        cuts = sorted({_day(random, month) for _ in range(random.choice((0, 0, 1, 2)))})
        edges: list[date | None] = [date(2000, 1, 1), *cuts, None]
        for number, start in enumerate(edges[:-1]):
            assert start is not None
            unit = random.choice(sorted(UNITS[kind]))
            snapshot = PriceSnapshot(
                f"{kind}-{number}", kind, unit, _price(random), start, edges[number + 1]
            )
            found.append(("AUD", snapshot))
    return found


def _usage(
    random: Random, month: Period, made: Subscription, sold: list[VersionSnapshot]
) -> dict[str, dict[date, Decimal]]:
    found: dict[str, dict[date, Decimal]] = {}
    for kind in KINDS:
        if random.random() < 0.4:
            continue
        shape = random.random()
        days: dict[date, Decimal] = {}
        if shape < 0.3:  # the same every day
            qty = _qty(random, month)
            days = {month.start + timedelta(days=n): qty for n in range(month.days)}
        elif shape < 0.6:  # exactly at a boundary of some item, on one day
            days = {_day(random, month): _boundary(random, month, kind, made, sold)}
        else:
            for _ in range(random.randrange(1, 8)):
                days[_day(random, month)] = _qty(random, month)
        found[kind] = days
    return found


def _qty(random: Random, month: Period) -> Decimal:
    return Decimal(random.choice(("0", "1", "24", "48", "0.333333333333", "1000", "1000000")))


def _boundary(
    random: Random, month: Period, kind: str, made: Subscription, sold: list[VersionSnapshot]
) -> Decimal:
    """What makes a month exactly full: of an allowance, a cap, a tier, a package; or one off."""
    items = [item for version in sold if (item := version.item_of.get(kind))]
    if not items:
        return Decimal(100)
    item = random.choice(items)
    size = Decimal(UNITS[kind][item.overage_unit])
    qty = item.included_qty
    qty += sum(
        (one.terms.qty for one in made.addons if one.terms.resource_kind == kind), Decimal(0)
    )
    tops = [tier.up_to_qty * size for tier in item.tiers if tier.up_to_qty is not None]
    if item.package_qty is not None:
        tops += [item.package_qty * size * count for count in (1, 2, 3)]
    if item.hard_cap_qty is not None:
        tops.append(item.hard_cap_qty)
    qty += random.choice([Decimal(0), *tops])
    return max(Decimal(0), qty + random.choice((0, 0, 0, 1, -1, Decimal("0.001"))))


def _runs(days: dict[date, Decimal]) -> Iterator[UsageRun]:
    """Equal quantities on days in a row as one run."""
    first: date | None = None
    count, qty = 0, Decimal(0)
    for day in sorted(days):
        if first is not None and day == first + timedelta(days=count) and days[day] == qty:
            count += 1
            continue
        if first is not None:
            yield UsageRun(first, count, qty)
        first, count, qty = day, 1, days[day]
    if first is not None:
        yield UsageRun(first, count, qty)
