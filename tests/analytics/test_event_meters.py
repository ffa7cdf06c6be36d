"""Usage events of meters that an operator added to the catalog, by each aggregation."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import grpc
import pytest
from arcadia.catalog.v1 import meter_service_pb2

from kinds.metering import Aggregation
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.take_events import MAX_AT_ONCE, at_once
from services.common.identity.callers import ALL
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, today, yesterday
from tests.analytics.peers import BLOG, SHOP


def last_month() -> Period:
    """The month before this one."""
    return month_of(today()).preceding()


def day(number: int) -> str:
    """A day of the last month, from 1."""
    return (last_month().start + timedelta(days=number - 1)).isoformat()


async def by_day(analytics: Analytics, kind: str) -> dict[int, Decimal]:
    """The figures of a kind in the last month, by number of the day."""
    month = last_month()
    listed = await analytics.figures(
        resource_kind=kind, from_day=month.start.isoformat(), to_day=month.end.isoformat()
    )
    return {date.fromisoformat(one.day).day: Decimal(one.qty) for one in reversed(listed)}


def lookups(analytics: Analytics) -> int:
    """How often the catalog was asked for meters."""
    asked = analytics.peers.asked
    return sum(isinstance(one, meter_service_pb2.LookupMetersRequest) for one in asked)


async def test_events_of_a_meter_added_just_now_are_taken(analytics: Analytics) -> None:
    receipt = await analytics.send(event("before", kind="api_calls"))
    assert [one.reason for one in receipt.refused] == ["UNKNOWN_KIND"]
    analytics.peers.declare("api_calls", "sum")
    receipt = await analytics.send(event("after", kind="api_calls"))
    assert receipt.accepted_count == 1
    assert await analytics.used(resource_kind="api_calls") == {"api_calls": 1000}


async def test_a_dimension_added_just_now_is_taken(analytics: Analytics) -> None:
    analytics.peers.declare("api_calls", "sum")
    await analytics.send(event("before", kind="api_calls"))
    refused = event("refused", kind="api_calls", dimensions={"zone": "a"})
    assert [one.reason for one in (await analytics.send(refused)).refused] == ["UNKNOWN_DIMENSION"]
    analytics.peers.declare("api_calls", "sum", "events", "zone")
    assert (await analytics.send(refused)).accepted_count == 1
    [figure] = await analytics.figures(dimensions="zone=a")
    assert dict(figure.dimensions) == {"zone": "a"}


async def test_the_catalog_is_not_asked_again_for_each_batch(analytics: Analytics) -> None:
    analytics.peers.declare("api_calls", "sum")
    for number in range(5):
        await analytics.send(event(f"k{number}", kind="api_calls"), event(f"t{number}"))
    assert lookups(analytics) == 1


async def test_a_retired_meter_takes_no_events_and_keeps_its_usage(analytics: Analytics) -> None:
    analytics.peers.declare("api_calls", "sum")
    await analytics.send(event("first", kind="api_calls"))
    analytics.peers.declare("old_calls", "sum")
    analytics.peers.meters["old_calls"].retired = True
    receipt = await analytics.send(event("second", kind="old_calls"), event("third"))
    assert [(one.index, one.reason) for one in receipt.refused] == [(0, "METER_RETIRED")]
    assert await analytics.used() == {"api_calls": 1000, "llm_tokens": 1000}
    assert await analytics.figures(resource_kind="old_calls") == []


async def test_a_retired_meter_takes_what_happened_before_and_knows_what_it_took(
    analytics: Analytics,
) -> None:
    analytics.peers.declare("calls", "sum", "events")
    taken = event("taken", kind="calls", time="12:00:00")
    await analytics.send(taken)
    analytics.peers.declare("calls", "sum", "events", "zone")
    meter = analytics.peers.meters["calls"]
    meter.retired = True
    meter.retired_at.FromJsonString(f"{yesterday()}T12:00:00Z")
    zoned = {"zone": "a"}  # A dimension that is not known yet: the meter is looked up again.
    receipt = await analytics.send(
        taken,
        event("before", kind="calls", time="11:59:59", dimensions=zoned),
        event("after", kind="calls", time="12:00:00", dimensions=zoned),
        event("taken", kind="calls", time="13:00:00"),
        event("after", kind="calls", time="12:00:00", dimensions=zoned),
    )
    assert (receipt.accepted_count, receipt.duplicate_count) == (1, 1)
    assert [(one.index, one.reason) for one in receipt.refused] == [
        (2, "METER_RETIRED"), (3, "KEY_REUSED"), (4, "METER_RETIRED"),
    ]  # fmt: skip
    assert await analytics.used() == {"calls": 2000}


async def test_without_the_catalog_no_event_is_refused_as_unknown(analytics: Analytics) -> None:
    analytics.peers.declare("api_calls", "sum")
    analytics.peers.fail_meters = True
    assert (await analytics.send(event("built-in"))).accepted_count == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.send(event("one", kind="api_calls"), event("two"))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    analytics.peers.fail_meters = False
    receipt = await analytics.send(event("one", kind="api_calls"), event("two"))
    assert (receipt.accepted_count, receipt.duplicate_count) == (2, 0)


async def test_usage_is_listed_by_known_meters_only(analytics: Analytics) -> None:
    unknown: list[dict[str, Any]] = [{"resource_kind": "api_callz"}, {"dimensions": "zonne=a"}]
    for wanted in unknown:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await analytics.figures(**wanted)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await analytics.unmetered(resource_kind="droplet_hours") == []


async def test_a_maximum_is_reached_day_by_day(analytics: Analytics) -> None:
    analytics.peers.declare("peak_users", "max")
    peaks = {3: "40", 5: "25", 9: "70", 20: "70"}
    await analytics.send(
        *(event(f"k{on}", kind="peak_users", qty=qty, day=day(on)) for on, qty in peaks.items())
    )
    assert await by_day(analytics, "peak_users") == {3: 40, 9: 30}
    await analytics.send(event("late", kind="peak_users", qty="60", day=day(4)))
    assert await by_day(analytics, "peak_users") == {3: 40, 4: 20, 9: 10}
    await analytics.void("k9")
    assert await by_day(analytics, "peak_users") == {3: 40, 4: 20, 20: 10}


async def test_a_unique_value_counts_once_a_month(analytics: Analytics) -> None:
    analytics.peers.declare("active_users", "unique")
    await analytics.send(
        event("1", kind="active_users", qty="", day=day(2), value="ann"),
        event("2", kind="active_users", qty="1", day=day(2), value="ben"),
        event("3", kind="active_users", qty="", day=day(7), value="ann"),
        event("4", kind="active_users", qty="", day=day(7), value="cid"),
        event(
            "5", kind="active_users", qty="", value="ann", day=today().isoformat(), time="00:00:00"
        ),
    )
    assert await by_day(analytics, "active_users") == {2: 2, 7: 1}
    assert await analytics.used(resource_kind="active_users") == {"active_users": 4}
    await analytics.void("1")
    assert await by_day(analytics, "active_users") == {2: 1, 7: 2}


async def test_unique_values_are_not_kept_and_differ_by_deployment(analytics: Analytics) -> None:
    analytics.peers.declare("active_users", "unique")
    await analytics.send(
        event("1", kind="active_users", qty="", value="ann@example.com"),
        event("2", kind="active_users", qty="", value="ann@example.com", deployment=BLOG.id),
    )
    async with analytics.database.read(ALL) as session:
        rows = await session.on_driver("SELECT e::text, unique_digest FROM usage_events AS e", {})
    assert not any("ann" in said for said, _ in rows)
    assert len({digest for _, digest in rows}) == 2


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("active_users", {"qty": ""}, "unique_value"),
        ("active_users", {"qty": "2", "value": "ann"}, "qty"),
        ("active_users", {"qty": "", "value": "a" * 201}, "unique_value"),
        ("peak_users", {"qty": "2", "value": "ann"}, "unique_value"),
        ("llm_tokens", {"qty": "2", "value": "ann"}, "unique_value"),
        ("peak_users", {"qty": ""}, "qty"),
    ],
)
async def test_an_event_has_the_value_that_its_meter_needs(
    analytics: Analytics, kind: str, sent: dict[str, Any], field: str
) -> None:
    analytics.peers.declare("active_users", "unique")
    analytics.peers.declare("peak_users", "max")
    [refused] = (await analytics.send(event("k", kind=kind, **sent))).refused
    assert refused.message.startswith(f"{field}: ")
    assert await analytics.figures() == []


async def test_a_key_sent_again_with_another_value_is_refused(analytics: Analytics) -> None:
    analytics.peers.declare("active_users", "unique")
    await analytics.send(event("k", kind="active_users", qty="", value="ann"))
    again = await analytics.send(event("k", kind="active_users", qty="1", value="ann"))
    assert again.duplicate_count == 1
    other = await analytics.send(event("k", kind="active_users", qty="", value="ben"))
    assert [one.reason for one in other.refused] == ["KEY_REUSED"]


async def test_the_last_value_of_the_month_counts_on_its_day(analytics: Analytics) -> None:
    analytics.peers.declare("seats", "latest")
    seats = {2: "10", 12: "14", 25: "9"}
    await analytics.send(
        *(event(f"k{on}", kind="seats", qty=qty, day=day(on)) for on, qty in seats.items())
    )
    assert await by_day(analytics, "seats") == {25: 9}
    await analytics.send(event("late", kind="seats", qty="11", day=day(24)))
    assert await by_day(analytics, "seats") == {25: 9}
    await analytics.void("k25")
    assert await by_day(analytics, "seats") == {24: 11}
    await analytics.send(event("zero", kind="seats", qty="0", day=day(26)))
    assert await by_day(analytics, "seats") == {26: 0}
    await analytics.void("zero")
    assert await by_day(analytics, "seats") == {24: 11}


async def test_of_equal_times_the_later_key_is_the_last(analytics: Analytics) -> None:
    analytics.peers.declare("seats", "latest")
    await analytics.send(event("b", kind="seats", qty="2"), event("a", kind="seats", qty="1"))
    assert await analytics.used() == {"seats": 2}


async def test_a_level_holds_until_the_next_event_on_days_without_one(
    analytics: Analytics,
) -> None:
    analytics.peers.declare("disk_gb_hours", "time_weighted", "hours", "tier")
    fast = {"tier": "fast"}
    await analytics.send(
        event("10", kind="disk_gb_hours", qty="10", day=day(3), time="18:00:00", dimensions=fast),
        event("off", kind="disk_gb_hours", qty="0", day=day(6), time="06:00:00", dimensions=fast),
    )
    assert await by_day(analytics, "disk_gb_hours") == {3: 60, 4: 240, 5: 240, 6: 60}
    # A late event changes its day and the days until the next event.
    await analytics.send(
        event("5", kind="disk_gb_hours", qty="5", day=day(4), time="12:00:00", dimensions=fast)
    )
    assert await by_day(analytics, "disk_gb_hours") == {3: 60, 4: 180, 5: 120, 6: 30}
    [figure] = await analytics.figures(
        resource_kind="disk_gb_hours", from_day=day(5), to_day=day(6)
    )
    [fact] = await analytics.facts(figure.id)
    assert (fact.event_key, fact.event_qty, fact.qty) == ("5", "5", "120")
    assert fact.event_at.ToDatetime().date().isoformat() == day(4)
    assert figure.aggregation == "time_weighted"
    await analytics.void("5", "off")
    used = await by_day(analytics, "disk_gb_hours")
    assert {used[on] for on in range(4, last_month().days + 1)} == {240}


async def test_a_whole_month_of_a_level_is_the_level(analytics: Analytics) -> None:
    analytics.peers.declare("disk_gb_month", "time_weighted", "months")
    before = (last_month().start - timedelta(days=3)).isoformat()
    await analytics.record(event("7", kind="disk_gb_month", qty="7.3", day=before))
    # Nothing is counted yet; metering the month finds the level that was set before it.
    await analytics.meter_month(last_month())
    used = await by_day(analytics, "disk_gb_month")
    assert len(used) == last_month().days
    assert sum(used.values()) == Decimal("7.3")


async def test_metering_a_day_again_keeps_the_figures_of_events(analytics: Analytics) -> None:
    for kind, aggregation in (("peak", "max"), ("users", "unique"), ("seats", "latest")):
        analytics.peers.declare(kind, aggregation)
    analytics.peers.declare("disk", "time_weighted", "hours")
    await analytics.send(
        event("1", kind="peak", qty="5", day=day(2)),
        event("2", kind="users", qty="", value="ann", day=day(2)),
        event("3", kind="seats", qty="6", day=day(2)),
        event("4", kind="disk", qty="1", day=day(2), time="00:00:00"),
        event("5", kind="disk", qty="0", day=day(3), time="00:00:00"),
    )
    expected = {"peak": 5, "users": 1, "seats": 6, "disk": 24}
    assert await analytics.used() == expected
    await analytics.meter(day(2))
    await analytics.meter(day(2))
    assert await analytics.used() == expected


async def test_late_events_of_a_closed_month_are_recorded_as_a_change_once(
    analytics: Analytics,
) -> None:
    analytics.peers.declare("peak", "max")
    analytics.peers.declare("disk", "time_weighted", "hours")
    month = last_month()
    await analytics.send(
        event("1", kind="peak", qty="50", day=day(2)),
        event("2", kind="disk", qty="1", day=day(2), time="00:00:00"),
    )
    await analytics.meter_month(month)
    await analytics.close(month.start.isoformat())
    # The peak stays, and the level is set again: no figure changes.
    await analytics.record(event("lower", kind="peak", qty="40", day=day(9)))
    await analytics.record(event("same", kind="disk", qty="1", day=day(9), time="00:00:00"))
    await analytics.meter(yesterday())
    assert await analytics.changes() == []
    receipt = await analytics.record(event("higher", kind="peak", qty="60", day=day(9)))
    assert receipt.late_count == 1
    await analytics.meter(yesterday())
    assert await analytics.changes() == [("acme", SHOP.id, month.start.isoformat(), "usage")]
    assert await by_day(analytics, "peak") == {2: 50, 9: 10}
    await analytics.meter(yesterday())
    assert len(await analytics.changes()) == 1


def test_a_call_folds_all_sums_and_the_newest_others_up_to_a_maximum() -> None:
    first = today()
    sums = [Figure(first, "acme", str(number), "llm_tokens") for number in range(1_000)]
    levels = [
        Figure(first - timedelta(days=number), "acme", "shop", "disk", Aggregation.TIME_WEIGHTED)
        for number in range(700)
    ]
    folded = at_once({*sums, *levels})
    assert set(sums) < set(folded)
    assert {one.day for one in folded if one.resource_kind == "disk"} == {
        first - timedelta(days=number) for number in range(MAX_AT_ONCE)
    }
