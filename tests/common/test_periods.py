"""Periods are half-open spans of days in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import InvalidArgument
from services.common.values.periods import Period, month_of, read_day, read_month

DAYS = st.dates(date(2000, 1, 1), date(2150, 12, 31))


@given(DAYS)
def test_every_day_is_in_one_month_and_the_months_meet(day: date) -> None:
    month = month_of(day)
    assert day in month
    assert month.start.day == month.end.day == 1
    assert month.following().start == month.end
    assert month.following().preceding() == month
    assert day not in month.following()
    assert 28 <= month.days <= 31


@given(DAYS, DAYS, DAYS, DAYS)
def test_an_overlap_has_the_days_that_both_have(a: date, b: date, c: date, d: date) -> None:
    one = Period(min(a, b), max(a, b) + timedelta(days=1))
    other = Period(min(c, d), max(c, d) + timedelta(days=1))
    both = one.overlap(other)
    assert both == other.overlap(one)
    for day in (a, b, c, d):
        assert (day in one and day in other) == (both is not None and day in both)


def test_the_first_instant_is_in_a_period_and_the_last_is_not() -> None:
    april = Period.month(2026, 4)
    assert april.start_at in april
    assert april.end_at not in april
    assert april.end_at - timedelta(microseconds=1) in april
    assert (april.days, april.code) == (30, "2026-04")


def test_an_instant_is_in_the_month_of_utc() -> None:
    sydney = timezone(timedelta(hours=10))
    assert month_of(datetime(2026, 5, 1, 3, tzinfo=sydney)) == Period.month(2026, 4)
    assert month_of(datetime(2026, 5, 1, tzinfo=UTC)) == Period.month(2026, 5)


def test_a_period_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="no day"):
        Period(date(2026, 4, 1), date(2026, 4, 1))


@pytest.mark.parametrize("text", ["2026-04-01", "2026-04"])
def test_a_month_is_named_by_its_first_day_or_bare(text: str) -> None:
    assert read_month(text, "period") == Period.month(2026, 4)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-4", "2026-04-02", "2026-13", "April", "20260401", " 2026-04"),
        *("1999-12", "2200-01", "2026-04-01T00:00:00Z", "\uff12026-04"),
    ],
)
def test_an_invalid_month_is_refused_by_the_name_of_its_field(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_month(text, "period")
    assert refused.value.violations[0].field == "period"


def test_a_month_that_no_year_has_is_not_called_a_day() -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_month("2026-13", "period")
    assert refused.value.violations[0].description == "is not a month of the calendar"


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026-5-20", "20.05.2026", "1970-01-01"])
def test_an_invalid_day_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_day(text, "starts_on")
    assert refused.value.violations[0].field == "starts_on"
    assert read_day("2026-05-20", "starts_on") == date(2026, 5, 20)
