"""A newer row is in force on the days that it covers; older ones on the others."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.values.effective_dates import Span, lay_over

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(number) for number in range(40)]


def span(start: int, end: int | None) -> Span:
    return Span(DAYS[start], None if end is None else DAYS[end])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 28))
    return span(start, draw(st.none() | st.integers(start + 1, 30)))


@dataclass(frozen=True)
class Kept:
    """A row as a store would keep it: its id, what was set, and its days."""

    id: int
    value: int
    days: Span


def set_one(rows: list[Kept], value: int, new: Span) -> list[Kept]:
    """What a store does with what `lay_over` says."""
    by_id = {row.id: row for row in rows}
    overlay = lay_over([(row.id, row.days) for row in rows], new)
    for key, end in overlay.cut:
        by_id[key] = Kept(key, by_id[key].value, Span(by_id[key].days.start, end))
    remainders = [(by_id[key].value, rest) for key, rest in overlay.going_on]
    for key in overlay.superseded:
        del by_id[key]
    following = max(by_id, default=0) + 1000
    made = [(value, new), *remainders]
    return [*by_id.values(), *(Kept(following + n, *one) for n, one in enumerate(made))]


@given(st.lists(spans(), max_size=12))
def test_on_each_day_that_holds_which_was_set_last_of_those_that_cover_it(
    said: list[Span],
) -> None:
    rows: list[Kept] = []
    for value, new in enumerate(said):
        rows = set_one(rows, value, new)
        assert len({row.id for row in rows}) == len(rows)
    for day in DAYS:
        holding = [row.value for row in rows if day in row.days]
        covering = [value for value, days in enumerate(said) if day in days]
        assert holding == covering[-1:]


@given(spans(), st.lists(spans(), max_size=6))
def test_a_span_without_others_has_just_the_days_that_are_its_own(
    whole: Span, others: list[Span]
) -> None:
    left = whole.without(others)
    for day in DAYS:
        own = day in whole and not any(day in other for other in others)
        assert sum(day in part for part in left) == own
    assert left == sorted(left, key=lambda one: one.start)


def test_a_bounded_span_splits_an_open_one_that_continues_after_it() -> None:
    overlay = lay_over([("open", span(0, None))], span(5, 9))
    assert list(overlay.cut) == [("open", DAYS[5])]
    assert list(overlay.going_on) == [("open", span(9, None))]
    assert list(overlay.superseded) == []


@pytest.mark.parametrize(
    ("kept", "cut", "superseded", "going_on"),
    [
        (span(0, 5), [], [], []),  # ends where the new one begins
        (span(9, None), [], [], []),  # begins where it ends
        (span(0, 6), [("kept", DAYS[5])], [], []),
        (span(5, 9), [], ["kept"], []),
        (span(6, 8), [], ["kept"], []),
        (span(5, 10), [], ["kept"], [("kept", span(9, 10))]),
        (span(8, None), [], ["kept"], [("kept", span(9, None))]),
        (span(4, 10), [("kept", DAYS[5])], [], [("kept", span(9, 10))]),
    ],
)
def test_a_new_span_cuts_the_existing_ones_that_it_overlaps(
    kept: Span,
    cut: list[tuple[str, date]],
    superseded: list[str],
    going_on: list[tuple[str, Span]],
) -> None:
    overlay = lay_over([("kept", kept)], span(5, 9))
    assert (list(overlay.cut), list(overlay.superseded), list(overlay.going_on)) == (
        cut,
        superseded,
        going_on,
    )


@pytest.mark.parametrize(
    ("one", "other", "ends_within"),
    [
        (span(0, 5), span(4, 9), True),
        (span(0, 5), span(4, None), True),
        (span(0, 5), span(5, 9), False),
        (span(0, 9), span(4, 9), False),
        (span(0, None), span(4, 9), False),
        (span(4, 9), span(0, 5), False),
        (span(4, 9), span(4, None), False),
    ],
)
def test_which_spans_end_within_a_later_one(one: Span, other: Span, ends_within: bool) -> None:
    assert one.ends_within(other) is ends_within
