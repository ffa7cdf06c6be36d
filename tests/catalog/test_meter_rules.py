"""Rules of event meters: what may change, and which costs a file sets."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import RESOURCE_KINDS
from kinds.metering import COST_IS_STATED, METERS
from services.catalog.meters.rules.costs import NewCost, built_in_meter
from services.catalog.meters.rules.declaring import MAX_METERS, check_count, updated
from services.catalog.meters.rules.entries import MeterEntry, costs_to_set
from services.catalog.meters.rules.meters import (
    BUILT_IN,
    MeterCost,
    Meters,
    MeterTerms,
    StoredMeter,
    Unit,
    in_order,
)
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.values.effective_dates import Span

NOW = datetime(2026, 4, 1, tzinfo=UTC)
CALLS = MeterTerms("calls", "Calls", (Unit("call", 1), Unit("1k", 1000)), dimensions=("region",))

words = st.sampled_from(["call", "1k", "1m", "dozen", "gross"])
units = st.builds(Unit, words, st.integers(1, 10**6))
keys = st.sampled_from(["region", "endpoint", "model"])
months = st.builds(date, st.just(2026), st.integers(1, 12), st.just(1))


@given(st.lists(units, max_size=4), st.lists(keys, max_size=3), st.none() | st.just("Other"))
def test_a_change_adds_or_is_refused_and_never_takes_anything_away(
    more: list[Unit], dimensions: list[str], name: str | None
) -> None:
    try:
        after = updated(CALLS, name=name, units=more, dimensions=dimensions)
    except (FailedPrecondition, InvalidArgument):
        kept = {one.unit: one.factor for one in CALLS.units}
        changes = any(kept.get(one.unit, one.factor) != one.factor for one in more)
        other_base = any(one.factor == 1 and one.unit != "call" for one in more)
        assert changes or other_base or len({one.unit for one in more}) < len({*more})
        return
    assert set(after.units) == {*CALLS.units, *more}
    assert after.dimensions[: len(CALLS.dimensions)] == CALLS.dimensions
    assert set(after.dimensions) == {*CALLS.dimensions, *dimensions}
    assert (after.code, after.units[0], after.name) == ("calls", Unit("call", 1), name or "Calls")
    again = updated(after, name=name, units=more, dimensions=dimensions)
    assert again == after


def cost(month: date, cents: int, end: date | None = None) -> NewCost:
    return NewCost("calls", "call", Decimal(cents), "AUD", month, end)


def laid_over(known: dict[date, MeterCost], new: NewCost) -> dict[date, MeterCost]:
    """The rows after a cost is set, as the store sets it: it ends or cuts others."""
    rows: dict[date, MeterCost] = {}
    for row in known.values():
        for part in Span(row.effective_from, row.effective_to).without([new.span]):
            rows[part.start] = replace(row, effective_from=part.start, effective_to=part.end)
    rows[new.effective_from] = MeterCost(
        UUID(int=0), "calls", new.unit, new.unit_cost_cents, new.currency, new.effective_from,
        new.effective_to, "op", NOW,
    )  # fmt: skip
    return rows


@given(st.lists(st.dictionaries(months, st.integers(0, 3), max_size=4), max_size=4))
def test_costs_of_files_hold_from_their_month_and_a_file_applied_twice_sets_none(
    files: list[dict[date, int]],
) -> None:
    known: dict[date, MeterCost] = {}
    stated: dict[date, int] = {}
    for file in files:
        costs = tuple(cost(month, cents) for month, cents in file.items())
        entry = MeterEntry("calls", CALLS, costs)
        for new in costs_to_set(entry, known.values()):
            known = laid_over(known, new)
        stated |= file
        assert costs_to_set(entry, known.values()) == []
    for month in (date(2026, number, 1) for number in range(1, 13)):
        begun = [day for day in stated if day <= month]
        in_force = [
            int(one.unit_cost_cents)
            for one in known.values()
            if month in Span(one.effective_from, one.effective_to)
        ]
        assert in_force == ([stated[max(begun)]] if begun else [])


def test_every_built_in_meter_costs_what_the_provider_charges_or_what_is_stated() -> None:
    charged = {rule.code for kind in RESOURCE_KINDS.values() for rule in kind.meters}
    assert set(METERS) - charged - {"bandwidth_gb"} == COST_IS_STATED
    for code in METERS.keys() - COST_IS_STATED:
        with pytest.raises(InvalidArgument, match=f"meter_code: the provider charges for {code}"):
            built_in_meter(code, "meter_code")
    assert built_in_meter("calls", "meter_code") is None


def test_a_cost_of_a_file_ends_where_it_says() -> None:
    entry = MeterEntry("calls", CALLS, (cost(date(2026, 4, 1), 2, date(2026, 6, 1)),))
    assert costs_to_set(entry, []) == list(entry.costs)


def test_there_are_at_most_so_many_event_meters() -> None:
    check_count(MAX_METERS - 1)
    with pytest.raises(FailedPrecondition):
        check_count(MAX_METERS)


def test_the_known_meters_are_a_value() -> None:
    stored = StoredMeter(CALLS, NOW, "op", NOW)
    mine = Meters.of([stored])
    assert (mine, hash(mine)) == (Meters.of([stored]), hash(Meters.of([stored])))
    assert mine != BUILT_IN
    assert [*mine] == [*METERS, "calls"]
    assert mine.known("kind", "calls") == "calls"
    with pytest.raises(InvalidArgument):
        mine.for_sale("kind", "calls")
    assert in_order(reversed(CALLS.units)) == CALLS.units
