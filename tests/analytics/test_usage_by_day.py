"""A month's usage by day as runs, which the catalog prices exactly."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.usage.store.periods import _runs

APRIL = date(2026, 4, 1)

days = st.dictionaries(
    st.integers(0, 29),
    st.sampled_from(["24", "0.000000000001", "12.5"]),
    min_size=1,
)


@given(days)
def test_runs_are_the_days_in_their_order_and_never_two_where_one_would_do(
    used: dict[int, str],
) -> None:
    told = ",".join(f"{day} {qty}" for day, qty in sorted(used.items()))
    runs = list(_runs(APRIL, told))
    assert {
        (run.first_day - APRIL).days + place: run.qty for run in runs for place in range(run.days)
    } == {day: Decimal(qty) for day, qty in used.items()}
    for one, other in pairwise(runs):
        end = one.first_day + timedelta(days=one.days)
        assert end < other.first_day or (end == other.first_day and one.qty != other.qty)
