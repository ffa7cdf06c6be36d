"""A month's bill and its adjustments always add up to the month's price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.invoicing.invoices.rules.lines import Line, lines_hash, price_of
from services.analytics.invoicing.rollups.rules.adjusting import adjustment_lines
from services.common.values.money import plain, whole_cents
from services.common.values.periods import Period

MARCH = Period.month(2026, 3)


def line(
    kind: str = "overage",
    qty: str = "1",
    price: str = "1",
    *,
    base: int = 1,
    kind_of_usage: str = "llm_tokens",
    unit: str = "unit",
    days: int = 31,
    **more: str,
) -> Line:
    """A line that multiplies, of the last days of March; `qty` may be a fraction."""
    exact = Fraction(qty)
    shown = Decimal(whole_cents(exact * 10**12)).scaleb(-12)
    size = {"size": more.pop("size")} if "size" in more else {}
    meta = {"plan_item_id": "i1", **more}
    if Fraction(shown) != exact:
        meta["exact_qty"] = str(exact)
    return Line(
        kind,
        kind_of_usage if kind in ("overage", "ad_hoc") else "",
        f"{kind} of {kind_of_usage}",
        shown,
        unit,
        Decimal(price),
        whole_cents(exact * Fraction(price) / base),
        meta,
        "shop",
        MARCH.end - timedelta(days=days),
        MARCH.end,
        dimensions=size,
        price_base_qty=Decimal(base),
        service_days=days,
    )


def total(lines: Sequence[Line]) -> int:
    return sum(one.amount_cents for one in lines)


def told(one: Line) -> str:
    price = f"{plain(one.unit_price_cents)}/{plain(one.price_base_qty)}"
    return f"{plain(one.qty)} {one.unit} at {price} = {one.amount_cents}"


def multiplies(one: Line) -> bool:
    exact = Fraction(one.qty) * Fraction(one.unit_price_cents) / Fraction(one.price_base_qty)
    return whole_cents(exact) == one.amount_cents


quantities = st.one_of(
    st.integers(0, 5000).map(str),
    st.decimals(0, 5000, places=3).map(str),
    st.fractions(0, 5000, max_denominator=31).map(str),
)
usage_lines = st.builds(
    line,
    st.sampled_from(["overage", "ad_hoc"]),
    quantities,
    st.sampled_from(["0.4", "1", "8", "10.25"]),
    kind_of_usage=st.sampled_from(["llm_tokens", "droplet_hours"]),
    plan_item_id=st.sampled_from(["i1", "i2"]),
    size=st.sampled_from(["s-1", "s-2"]),
)
recurring_lines = st.builds(
    lambda days, price: line("plan_base", str(days), price, base=31, unit="day", days=days),
    st.integers(1, 31),
    st.sampled_from(["2000", "4999"]),
)
quotes = st.lists(st.one_of(usage_lines, recurring_lines), max_size=6)


@given(quotes, st.lists(st.tuples(quotes, st.sets(st.integers(0, 5))), max_size=5))
def test_invoices_that_hold_come_to_what_is_known_now_whichever_was_voided_before(
    first: list[Line], learned: list[tuple[list[Line], set[int]]]
) -> None:
    """Each time, some invoices are voided and something new is known; the next one settles it."""
    invoices: list[Sequence[Line]] = [first]
    for known_now, voided in learned:
        invoices = [one for place, one in enumerate(invoices) if place not in voided]
        billed = [each for one in invoices for each in one]
        made = adjustment_lines(billed, known_now, MARCH)
        assert total(billed) + total(made) == total(known_now)
        assert all(one.kind == "adjustment" and one.amount_cents for one in made)
        assert all(multiplies(one) for one in made)
        assert all(
            one.service.start >= MARCH.start and one.service.end <= MARCH.end for one in made
        )
        assert adjustment_lines([*billed, *made], known_now, MARCH) == ()
        invoices.append(made)
    everything = [each for one in invoices for each in one]
    given_back = adjustment_lines(everything, (), MARCH)
    assert total(everything) + total(given_back) == 0


@given(quotes)
def test_nothing_new_is_no_line(known: list[Line]) -> None:
    assert adjustment_lines(known, known, MARCH) == ()
    assert adjustment_lines(known, list(reversed(known)), MARCH) == ()


def test_the_difference_is_read_as_its_own_quantity_at_the_price_of_the_month() -> None:
    [made] = adjustment_lines([line(qty="100", price="2")], [line(qty="172", price="2")], MARCH)
    assert told(made) == "72 unit at 2/1 = 144"
    assert made.description == "Adjustment of March 2026: overage of llm_tokens"
    assert made.meta == {
        "plan_item_id": "i1",
        "adjusts_kind": "overage",
        "adjusts_period": "2026-03-01",
        "billed_cents": "200",
    }
    [back] = adjustment_lines(
        [line(qty="172", price="2"), made], [line(qty="172", price="2")], MARCH
    )
    assert told(back) == "-72 unit at 2/1 = -144"
    assert back.description == made.description


def rebilled(qty: str) -> Line:
    """A line that a rebilling rule prices."""
    meta = {"rebilling_rule": "cost_plus", "rebilling_rule_id": "r1", "list_price_id": "p1"}
    made = line("rebilled", qty, "4320", base=672, unit="hour")
    return replace(made, resource_kind="droplet_hours", meta=meta)


def test_late_usage_of_a_month_priced_from_cost_is_adjusted_at_its_rule() -> None:
    before, now = rebilled("672"), rebilled("1344")
    [made] = adjustment_lines([before], [now], MARCH)
    assert told(made) == "672 hour at 4320/672 = 4320"
    assert price_of(before.kind, before.meta) == ("rebilling_rule", "r1")
    assert price_of(made.kind, made.meta) == ("rebilling_rule", "r1")
    assert adjustment_lines([before, made], [now], MARCH) == ()


def test_days_that_are_billed_late_are_days_at_the_price_of_the_month() -> None:
    [made] = adjustment_lines(
        [line("plan_base", "12", "2000", base=31, unit="day", days=12)],
        [line("plan_base", "18", "2000", base=31, unit="day", days=18)],
        MARCH,
    )
    # 1161 less 774, which six days of 2000 a month are as well.
    assert told(made) == "6 day at 2000/31 = 387"
    assert made.service.start == date(2026, 3, 14)


def test_two_rounded_amounts_that_differ_by_no_quantity_are_once_their_difference() -> None:
    """0.4 cents a unit: 1 is 0, 2 are 1; the difference of one unit is no cent by itself."""
    billed, now = line(qty="1", price="0.4"), line(qty="2", price="0.4")
    assert (billed.amount_cents, now.amount_cents) == (0, 1)
    [made] = adjustment_lines([billed], [now], MARCH)
    assert told(made) == "1 adjustment at 1/1 = 1"
    assert (made.meta["adjusts_qty"], made.meta["adjusts_unit_price_cents"]) == ("1", "0.4")
    # The next difference knows what that line stood for.
    [next_one] = adjustment_lines([billed, made], [line(qty="12", price="0.4")], MARCH)
    assert told(next_one) == "10 unit at 0.4/1 = 4"


def test_sizes_and_prices_are_adjusted_apart() -> None:
    made = adjustment_lines(
        [line(qty="100", price="10"), line(qty="5", size="s-1")],
        [line(qty="101", price="8"), line(qty="5", size="s-2")],
        MARCH,
    )
    assert [(one.dimensions.get("size", ""), told(one)) for one in made] == [
        ("", "101 unit at 8/1 = 808"),
        ("", "-100 unit at 10/1 = -1000"),
        ("s-1", "-5 unit at 1/1 = -5"),
        ("s-2", "5 unit at 1/1 = 5"),
    ]


def test_adjustments_of_an_older_release_are_known_by_their_price() -> None:
    """Its adjustments bear the whole month, and nothing of what newer lines tell."""
    older = replace(
        line(qty="100", price="1"),
        kind="adjustment",
        service_start=MARCH.start,
        service_end=MARCH.end,
        service_days=None,
        meta={"plan_item_id": "i1", "adjusts_kind": "overage", "adjusts_period": "2026-03-01"},
    )
    assert adjustment_lines([older], [line(qty="100", price="1")], MARCH) == ()


def test_lines_of_older_releases_keep_their_hash() -> None:
    """What was issued always verifies: an unset new field leaves the hash as it was."""
    plain = Line(
        "plan_base", "", "Studio", Decimal(1), "month", Decimal(5000), 5000, {}, "shop",
        MARCH.start, MARCH.end,
    )  # fmt: skip  # a table
    assert lines_hash([plain]) == (
        "62287f145069ad806fae4aa7cde81c5809477f366cd61153ac1c6ca16d6800d7"
    )
    newer = [
        replace(plain, service_days=31),
        replace(plain, price_base_qty=Decimal(31)),
        replace(plain, dimensions={"size": "s-1"}),
    ]
    assert len({lines_hash([plain]), *(lines_hash([one]) for one in newer)}) == 4
