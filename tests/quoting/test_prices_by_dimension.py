"""Usage goes to the winning row, which prices it like a separate kind."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans.rules.matches import Match, find_tie, rank
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quotes.rules.snapshots import Known, plan_inputs, subscription_inputs
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import NoPriceInForce
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line
from services.catalog.quoting.proofs.canonical import inputs_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.proofs.proof import prove, verify
from services.catalog.quoting.values import value_of
from services.catalog.vocabulary import PricingModel
from services.common.values.periods import Period
from tests.quoting.catalogs import (
    APRIL,
    QTYS,
    STUDIO,
    days_in,
    items,
    month_of_plan,
    subscription,
    term,
)

HOURS = "droplet_hours"
SMALL = (("size", ("s-1vcpu-2gb", "s-2vcpu-2gb")),)
BIG = (("size", ("s-2vcpu-4gb",)),)
GPUS = (("size", ("gpu-*",)),)


def row(match: Match, cents: str, included: int = 0, **said: object) -> PlanItem:
    item = PlanItem(HOURS, Decimal(included), "hour", Decimal(cents), match=match)
    return replace(item, **said)  # type: ignore[arg-type]


def used(size: str, hours: int, **more: str) -> UsageSeries:
    dimensions = tuple(sorted({"size": size, **more}.items()))
    return UsageSeries(HOURS, (UsageRun(APRIL.start, 30, Decimal(hours)),), "", dimensions)


BY_SIZE = replace(
    STUDIO,
    items=(
        *STUDIO.items,
        row(SMALL, "2", 72),
        row(BIG, "4"),
        row(GPUS, "300", hard_cap_qty=Decimal(9)),
    ),
)


def lines_of(*usage: UsageSeries, version: VersionSnapshot = BY_SIZE) -> list[Line]:
    return [*price(month_of_plan(version, usage=usage)).overage]


def test_each_row_has_its_own_allowance_cap_and_line_with_its_dimensions() -> None:
    lines = lines_of(
        used("s-1vcpu-1gb", 72), used("s-1vcpu-2gb", 2), used("s-2vcpu-2gb", 3, region="syd1"),
        used("s-2vcpu-4gb", 48), used("gpu-h100x1-80gb", 1), used("gpu-l40sx1-48gb", 2),
    )  # fmt: skip  # a table
    assert [(one.description, one.amount_cents, dict(one.dimensions)) for one in lines] == [
        ("Overage: droplet_hours", (2160 - 1488) * 1, {}),
        ("Overage: droplet_hours gpu-*", 9 * 300, {"size": "gpu-*"}),
        (
            "Overage: droplet_hours s-1vcpu-2gb, s-2vcpu-2gb",
            (150 - 72) * 2,
            {"size": "s-1vcpu-2gb, s-2vcpu-2gb"},
        ),
        ("Overage: droplet_hours s-2vcpu-4gb", 1440 * 4, {"size": "s-2vcpu-4gb"}),
    ]
    assert lines[3].meta["plan_item_id"] == "studio-1/droplet_hours[size=s-2vcpu-4gb]"


def test_addons_add_to_the_allowance_of_the_item_without_a_match() -> None:
    more = AddonSnapshot("more", "more", HOURS, Decimal(100), 500)
    usage = (used("s-1vcpu-1gb", 60), used("s-2vcpu-4gb", 10))
    quote = price(month_of_plan(BY_SIZE, APRIL, more, usage=usage))
    assert [one.meta["allowance"] for one in quote.overage] == ["1588", "0"]


def test_inputs_without_matches_say_nothing_of_them() -> None:
    assert b"match" not in inputs_json(month_of_plan(usage=(used("s-2vcpu-4gb", 1),)))


def test_inputs_with_matches_are_read_again_as_they_were() -> None:
    made = month_of_plan(BY_SIZE, usage=(used("gpu-a", 1, region="tor1"), used("s-2vcpu-4gb", 1)))
    made = replace(made, prices=(unit_price("p", GPUS, "3"), unit_price("q", (), "1")))
    assert read_inputs(inputs_json(made)) == made
    assert verify(prove(made)[1]).verified


def unit_price(
    name: str, match: Match, cents: str, start: date = date(2020, 1, 1), end: date | None = None
) -> PriceSnapshot:
    return PriceSnapshot(name, HOURS, "hour", Decimal(cents), start, end, match)


UNCOVERED = replace(STUDIO, items=(row(BIG, "4"),))


def ad_hoc(prices: Sequence[PriceSnapshot], *usage: UsageSeries, addon: int = 0) -> list[Line]:
    made = month_of_plan(UNCOVERED, usage=usage)
    held = AddonSnapshot("more", "more", HOURS, Decimal(addon), 0)
    return [
        *price(
            replace(
                made, prices=tuple(prices), addons=(HeldAddon(held, (APRIL,)),) if addon else ()
            )
        ).ad_hoc
    ]


def test_usage_that_no_item_matches_goes_to_the_resource_price_that_wins_on_its_day() -> None:
    prices = [
        unit_price("rest", (), "1"),
        unit_price("gpus", GPUS, "100", end=date(2026, 4, 11)),
        unit_price("gpus later", GPUS, "200", date(2026, 4, 21)),
        unit_price("h100", (("size", ("gpu-h100",)),), "500", date(2026, 4, 21)),
    ]
    lines = ad_hoc(
        prices, used("gpu-h100", 1), used("gpu-a", 1), used("s-1", 10), used("s-2vcpu-4gb", 1)
    )
    assert [(one.meta["resource_price_id"], one.qty, one.amount_cents) for one in lines] == [
        ("rest", "320", 320),  # and twenty GPU hours of the days without a price of their own
        ("gpus", "20", 2000),
        ("gpus later", "10", 2000),
        ("h100", "10", 5000),
    ]
    assert lines[1].description == "Usage: droplet_hours gpu-*"
    assert lines[1].dimensions == (("size", "gpu-*"),)


def test_addons_are_an_allowance_of_usage_at_the_price_without_a_match() -> None:
    prices = [unit_price("rest", (), "1"), unit_price("gpus", GPUS, "100")]
    lines = ad_hoc(prices, used("s-1", 10), used("gpu-a", 1), addon=50)
    assert [(one.qty, one.meta.get("allowance")) for one in lines] == [("250", "50"), ("30", None)]


def test_usage_that_no_price_matches_is_a_gap_that_is_named() -> None:
    with pytest.raises(NoPriceInForce, match=r"^droplet_hours\[size=s-1\] has no price in force"):
        ad_hoc([unit_price("gpus", GPUS, "100")], used("gpu-a", 1), used("s-1", 10))
    projected = UsageSeries(HOURS, dimensions=(("size", "s-1"),), projected_qty=Decimal(1))
    known = Known({}, [("AUD", unit_price("gpus", GPUS, "100"))])
    with pytest.raises(NoPriceInForce, match=r"^droplet_hours\[size=s-1\]"):
        price(plan_inputs(UNCOVERED, [], (projected,), APRIL.start, known))


def test_usage_is_valued_at_the_price_that_wins() -> None:
    prices = [unit_price("rest", (), "1"), unit_price("gpus", GPUS, "100", date(2026, 4, 11))]
    found = value_of(used("gpu-a", 2), prices)
    assert [(one.run.days, one.cents) for one in found] == [(10, Decimal(2)), (20, Decimal(200))]


def test_the_frozen_inputs_have_only_the_rows_that_price_something() -> None:
    prices = [unit_price("rest", (), "1"), unit_price("gpus", GPUS, "100")]
    version = replace(
        BY_SIZE, items=(*BY_SIZE.items, row((("region", ("x",)), ("size", ("s-9",))), "1",
                        pricing_model=PricingModel.MINIMUM, amount_cents=5))
    )  # fmt: skip  # a table
    key = UUID(int=1)
    known = Known({key: version}, [("AUD", one) for one in prices])
    held = subscription(term(version, key, APRIL.start, None))
    usage = [used("s-2vcpu-4gb", 1)]
    inputs = subscription_inputs(held, APRIL, usage, known, on_trial=False)
    assert {item.match for item in inputs.version.items if item.resource_kind == HOURS} == {
        (), BIG, (("region", ("x",)), ("size", ("s-9",))),
    }  # fmt: skip  # a table
    assert inputs.prices == ()
    whole = replace(inputs, terms=(Term(version, inputs.terms[0].days),))
    assert price(inputs) == price(whole)


# Each row of a kind prices its usage as if it were the only item of a kind of its own.

STAND_INS = (
    "droplet_hours", "load_balancer_hours", "database_hours", "app_container_hours",
    "kubernetes_ha_hours", "reserved_ip_hours",
)  # fmt: skip  # a table
SIZES = ("s-1", "s-2", "gpu-1", "gpu-2", "c-1")
REGIONS = ("a", "b")
matches = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sets(st.sampled_from(REGIONS), min_size=1),
        "size": st.sets(st.sampled_from((*SIZES, "gpu-*", "s-*")), min_size=1, max_size=3),
    },
).map(lambda said: tuple((key, tuple(sorted(said[key]))) for key in sorted(said)))


@st.composite
def months_of_rows(draw: st.DrawFn) -> tuple[list[VersionSnapshot], list[UsageSeries], date]:
    """Two versions with rows of a kind, usage by dimensions, and the day of the change."""
    found = draw(st.lists(matches.filter(bool), max_size=5, unique=True))
    found = found if find_tie(found) is None else found[:1]
    known = {match: draw(items(HOURS)) for match in ((), *found)}
    versions = []
    for number in (1, 2):
        rows = [
            replace(item if draw(st.booleans()) else draw(items(HOURS)), match=match)
            for match, item in known.items()
        ]
        cents = draw(st.sampled_from([5000, 6000]))
        versions.append(VersionSnapshot(f"v{number}", "plan", number, cents, "AUD", tuple(rows)))
    facts = draw(
        st.sets(
            st.tuples(st.sampled_from([*SIZES, ""]), st.sampled_from([*REGIONS, ""])), max_size=6
        )
    )
    usage = []
    for size, region in sorted(facts):
        dimensions = {"region": region, "size": size}
        first = draw(days_in(APRIL))
        days = draw(st.integers(1, (APRIL.end - first).days))
        usage.append(
            UsageSeries(
                HOURS,
                (UsageRun(first, days, draw(QTYS)),),
                "",
                tuple((key, value) for key, value in dimensions.items() if value),
            )
        )
    return versions, usage, draw(days_in(APRIL))


def stand_in(places: dict[Match, str], version: VersionSnapshot, series: UsageSeries) -> str:
    """The kind that stands for the row that wins, found by trying all."""
    dimensions = dict(series.dimensions)
    ranked = {
        item.match: found
        for item in version.items
        if (found := rank(item.match, dimensions)) is not None
    }
    return places[max(ranked, key=ranked.__getitem__)]


def month_of(
    versions: Sequence[VersionSnapshot], day: date, usage: Sequence[UsageSeries]
) -> QuoteInputs:
    spans = [Period(APRIL.start, day), Period(day, APRIL.end)]
    terms = [
        Term(version, (span,))
        for version, span in zip(versions, spans, strict=True)
        if span.start < span.end
    ]
    held = AddonSnapshot("more", "more", HOURS, Decimal(500), 0)
    return QuoteInputs(
        APRIL, "AUD", tuple(terms), addons=(HeldAddon(held, (APRIL,)),), usage=tuple(usage)
    )


@given(months_of_rows())
@settings(deadline=None)
def test_a_row_prices_its_usage_as_the_only_item_of_a_kind_would(
    made: tuple[list[VersionSnapshot], list[UsageSeries], date],
) -> None:
    versions, usage, day = made
    if APRIL.start == day:
        day = date(2026, 4, 2)
    all_matches = sorted({item.match for version in versions for item in version.items})
    places = dict(zip(all_matches, STAND_INS, strict=False))
    apart = [
        replace(
            version,
            items=tuple(
                replace(item, match=(), resource_kind=places[item.match]) for item in version.items
            ),
        )
        for version in versions
    ]
    moved: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for series in usage:
        for run in series.runs:
            for number in range(run.days):
                on = date.fromordinal(run.first.toordinal() + number)
                version = versions[0] if on < day else versions[1]
                moved[stand_in(places, version, series)][on] += run.qty
    each = [
        UsageSeries(kind, tuple(UsageRun(on, 1, of_day[on]) for on in sorted(of_day)))
        for kind, of_day in moved.items()
    ]
    together = price(month_of(versions, day, usage)).overage
    separate = price(month_of(apart, day, each)).overage
    assert sorted((one.qty, one.unit_price_cents, one.amount_cents) for one in together) == sorted(
        (one.qty, one.unit_price_cents, one.amount_cents) for one in separate
    )


@given(months_of_rows())
@settings(deadline=None)
def test_a_preview_of_a_whole_month_is_what_the_month_is_billed(
    made: tuple[list[VersionSnapshot], list[UsageSeries], date],
) -> None:
    versions, usage, _ = made
    version, key = versions[0], UUID(int=1)
    known = Known({key: version}, [])
    daily = [replace(one, runs=(UsageRun(APRIL.start, 30, one.runs[0].qty),)) for one in usage]
    projected = [replace(one, runs=(), projected_qty=one.runs[0].qty * 30) for one in usage]
    preview = price(plan_inputs(version, [], projected, APRIL.start, known))
    held = subscription(term(version, key, APRIL.start, None))
    invoice = price(subscription_inputs(held, APRIL, daily, known, on_trial=False))
    assert [replace_service(one) for one in preview.overage] == [
        replace_service(one) for one in invoice.overage
    ]


def replace_service(line: Line) -> Line:
    return line._replace(service=None)
