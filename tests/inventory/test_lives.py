"""The state of a resource at any time, reconstructed from its history."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.lifetimes.rules.lifetimes import (
    Change,
    ExistenceInterval,
    Lifetime,
    Owner,
    OwnerSpan,
    Window,
    existence,
    existence_page,
    names,
    ownership,
)
from services.inventory.lifetimes.rules.measures import MEASURES, sampled

T0 = datetime(2026, 4, 1, tzinfo=UTC)
ACME = Owner("acme", "shop")
GLOBEX = Owner("globex", "")
NOBODY = Owner("", "")
APRIL = Window(T0, T0 + timedelta(days=30))


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def life(
    *,
    kind: str = "droplet",
    lived: tuple[datetime, datetime | None] = (T0, None),
    changes: tuple[Change, ...] = (),
    owners: tuple[OwnerSpan, ...] = (),
    number: int = 1,
    measured: str | None = None,
    unmeasured: str = "",
) -> Lifetime:
    return Lifetime(
        id=UUID(int=number),
        kind=kind,
        provider_id=str(number),
        name="web",
        status="active",
        size="s-1vcpu-1gb",
        fields={MEASURES[kind].field: measured} if kind in MEASURES else {},
        unmeasured=unmeasured,
        project_id="",
        project_name="",
        lived_from=lived[0],
        lived_to=lived[1],
        changes=changes,
        owners=owners or (OwnerSpan(ACME, lived[0], None),),
    )


def seconds(intervals: list[ExistenceInterval]) -> int:
    return sum(int((one.end - one.start).total_seconds()) for one in intervals)


def test_a_droplet_up_for_a_whole_30_day_month_existed_720_hours() -> None:
    whole = life(lived=(at(-100), None))
    assert seconds(list(existence(whole, APRIL))) == 720 * 3600


def test_an_interval_ends_where_it_was_powered_off_resized_or_moved() -> None:
    moved = (OwnerSpan(ACME, T0, at(3)), OwnerSpan(GLOBEX, at(3), None))
    changed = life(
        owners=moved,
        changes=(Change("status", at(1), "off"), Change("size", at(2), "s-2vcpu-4gb")),
    )
    shown = [
        (one.start, one.end, one.status, one.size, one.owner)
        for one in existence(changed, Window(T0, at(4)))
    ]
    assert shown == [
        (at(0), at(1), "off", "s-2vcpu-4gb", ACME),
        (at(1), at(2), "active", "s-2vcpu-4gb", ACME),
        (at(2), at(3), "active", "s-1vcpu-1gb", ACME),
        (at(3), at(4), "active", "s-1vcpu-1gb", GLOBEX),
    ]


def test_a_volume_that_grew_held_less_before() -> None:
    grown = life(
        kind="volume", measured="250", changes=(Change("attrs.size_gigabytes", at(1), "100.5"),)
    )
    held = [str(one.gigabytes) for one in existence(grown, Window(T0, at(2)))]
    assert held == ["100.5", "250"]


def test_a_missing_or_unknown_measure_is_reported() -> None:
    window = Window(T0, at(1))
    assert [one.gigabytes for one in existence(life(measured="7"), window)] == [None]
    assert [one.gigabytes for one in existence(life(kind="volume"), window)] == [None]
    assert MEASURES["database"].gigabytes("61440") == 60


def test_a_name_ends_no_interval_and_is_the_one_it_began_with() -> None:
    renamed = life(changes=(Change("name", at(1), "old"),))
    assert [one.name for one in existence(renamed, Window(T0, at(2)))] == ["old"]
    assert [one.name for one in existence(renamed, Window(at(1), at(2)))] == ["web"]


def test_names_cover_the_life_oldest_first() -> None:
    renamed = life(changes=(Change("name", at(1), "first"), Change("name", at(2), "second")))
    assert [(span.name, span.start, span.end) for span in names(renamed)] == [
        ("first", at(0), at(1)),
        ("second", at(1), at(2)),
        ("web", at(2), None),
    ]


def test_the_first_owner_had_it_since_it_was_made() -> None:
    made_earlier = life(lived=(at(-5), None), owners=(OwnerSpan(ACME, T0, None),))
    assert ownership(made_earlier) == [OwnerSpan(ACME, at(-5), None)]


def test_ownership_ends_with_the_lifetime_even_if_reassigned_later() -> None:
    lost = life(
        lived=(T0, at(5)),
        owners=(OwnerSpan(ACME, T0, at(6)), OwnerSpan(GLOBEX, at(6), at(7))),
    )
    assert ownership(lost) == [OwnerSpan(ACME, T0, at(5))]


def test_a_tombstoned_interval_is_no_part_of_a_lifetime() -> None:
    back = life(owners=(OwnerSpan(ACME, T0, at(2)), OwnerSpan(ACME, at(5), None)))
    shown = [(one.start, one.end) for one in existence(back, Window(T0, at(6)))]
    assert shown == [(at(0), at(2)), (at(5), at(6))]


def test_another_rule_for_the_same_owner_is_no_new_owner() -> None:
    same = life(owners=(OwnerSpan(ACME, T0, at(1)), OwnerSpan(ACME, at(1), None)))
    assert ownership(same) == [OwnerSpan(ACME, T0, None)]


MINUTES = st.integers(-2_000, 2_000)
INSTANTS = st.builds(
    lambda minutes, micros: T0 + timedelta(minutes=minutes, microseconds=micros),
    MINUTES,
    st.integers(0, 59_999_999),
)
OWNERS = st.sampled_from([ACME, GLOBEX, NOBODY])
CHANGES = st.builds(
    Change,
    st.sampled_from(["status", "size", "name"]),
    INSTANTS,
    st.sampled_from(["active", "off", "x"]),
)


@st.composite
def lives(draw: st.DrawFn) -> Lifetime:
    """A life whose owners follow each other from its begin, as the store keeps them."""
    cuts = sorted(draw(st.sets(INSTANTS, min_size=1, max_size=5)))
    ends: list[datetime | None] = [*cuts[1:], None]
    lived_to = draw(st.none() | st.just(cuts[-1] + timedelta(hours=1)))
    return life(
        lived=(cuts[0], lived_to),
        changes=tuple(sorted(draw(st.lists(CHANGES, max_size=5)), key=lambda one: one.at)),
        owners=tuple(
            OwnerSpan(draw(OWNERS), start, end) for start, end in zip(cuts, ends, strict=True)
        ),
    )


@given(lives(), INSTANTS, st.integers(1, 3_000))
def test_intervals_cover_the_life_within_the_window_without_gap_or_overlap(
    one: Lifetime, start: datetime, minutes: int
) -> None:
    window = Window(
        start.replace(microsecond=0), start.replace(microsecond=0) + timedelta(minutes=minutes)
    )
    found = list(existence(one, window))
    begun = max(window.start, one.lived_from.replace(microsecond=0))
    ended = (
        window.end if one.lived_to is None else min(window.end, one.lived_to.replace(microsecond=0))
    )
    if begun >= ended:
        assert found == []
        return
    assert (found[0].start, found[-1].end) == (begun, ended)
    for before, after in itertools.pairwise(found):
        assert before.end == after.start


@given(lives(), INSTANTS, st.integers(1, 3_000), st.integers(0, 3_000))
def test_a_window_in_two_parts_adds_up_to_the_whole(
    one: Lifetime, start: datetime, minutes: int, middle: int
) -> None:
    begun = start.replace(microsecond=0)
    end = begun + timedelta(minutes=minutes)
    cut = min(begun + timedelta(minutes=middle), end)
    whole = seconds(list(existence(one, Window(begun, end))))
    parts = [Window(begun, cut), Window(cut, end)]
    assert whole == sum(seconds(list(existence(one, part))) for part in parts)


@given(lives(), INSTANTS, OWNERS)
def test_moving_a_resource_never_changes_the_past(
    one: Lifetime, moved: datetime, owner: Owner
) -> None:
    last = one.owners[-1]
    if one.lived_to is not None or moved <= last.start:
        return
    after = (*one.owners[:-1], OwnerSpan(last.owner, last.start, moved))
    later = life(
        lived=(one.lived_from, None),
        changes=one.changes,
        owners=(*after, OwnerSpan(owner, moved, None)),
    )
    past = Window(T0 - timedelta(days=3), moved.replace(microsecond=0))
    if past.start < past.end:
        assert list(existence(later, past)) == list(existence(one, past))


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@given(st.lists(lives(), max_size=4), st.sampled_from(["", "shop"]))
def test_pages_of_any_size_are_the_whole_list(
    size: int, some: list[Lifetime], deployment_id: str
) -> None:
    numbered = [
        life(
            lived=(one.lived_from, one.lived_to),
            changes=one.changes,
            owners=one.owners,
            number=number,
        )
        for number, one in enumerate(some)
    ]
    window = Window(T0 - timedelta(days=1), T0 + timedelta(days=1))
    expected = [
        interval
        for one in numbered
        for interval in existence(one, window)
        if not deployment_id or interval.owner.deployment_id == deployment_id
    ]
    found: list[ExistenceInterval] = []
    mark = None
    while True:
        rest = [one for one in numbered if mark is None or one.id >= mark.resource_id]
        page = existence_page(
            rest[: size + 1], window, deployment_id=deployment_id, after=mark, size=size
        )
        found += page.intervals
        if page.next is None:
            break
        assert page.next != mark
        mark = page.next
    assert found == expected


def test_a_bucket_holds_gb_of_2_to_the_30_bytes_as_it_grows() -> None:
    grown = life(
        kind="spaces_bucket",
        measured=str(200 * 2**30 + 1),
        changes=(Change("attrs.size_bytes", at(1), str(100 * 2**30)),),
    )

    shown = [(one.start, one.gigabytes) for one in existence(grown, Window(T0, at(2)))]

    assert shown == [(T0, Decimal(100)), (at(1), Decimal("200.000000000931"))]


def test_a_bucket_has_an_unknown_size_with_a_reason_until_measured() -> None:
    later = life(
        kind="spaces_bucket",
        measured=str(2**30),
        changes=(Change("attrs.size_bytes", at(1), None),),
    )
    never = life(kind="spaces_bucket", unmeasured="the Spaces key may not read the bucket")

    first, second = existence(later, Window(T0, at(2)))
    [refused] = existence(never, Window(T0, at(2)))

    assert (first.gigabytes, first.unmeasured) == (None, "it had not been measured yet")
    assert (second.gigabytes, second.unmeasured) == (Decimal(1), "")
    assert (refused.gigabytes, refused.unmeasured) == (
        None,
        "the Spaces key may not read the bucket",
    )


def test_a_kind_without_sizes_has_no_unknown_size() -> None:
    [droplet] = existence(life(), Window(T0, at(2)))
    assert (droplet.gigabytes, droplet.unmeasured) == (None, "")


@pytest.mark.parametrize(
    ("size", "measured_at", "kept"),
    [
        (1_000, "2026-04-01T18:00:00Z", (1_000, "2026-04-01T18:00:00Z")),
        (1_010, "2026-04-01T18:00:00Z", (1_000, "2026-04-01T06:00:00Z")),
        (990, "2026-04-01T18:00:00Z", (1_000, "2026-04-01T06:00:00Z")),
        (1_011, "2026-04-01T18:00:00Z", (1_011, "2026-04-01T18:00:00Z")),
        (989, "2026-04-01T18:00:00Z", (989, "2026-04-01T18:00:00Z")),
        (1_001, "2026-04-02T00:00:00Z", (1_001, "2026-04-02T00:00:00Z")),
    ],
    ids=["the same", "1 % more", "1 % less", "over 1 % more", "over 1 % less", "the next day"],
)
def test_a_buckets_size_is_kept_once_a_day_and_when_it_changed_by_more_than_1_percent(
    size: int, measured_at: str, kept: tuple[int, str]
) -> None:
    known = {"size_bytes": 1_000, "object_count": 7, "measured_at": "2026-04-01T06:00:00Z"}
    sighted = {"size_bytes": size, "object_count": 8, "measured_at": measured_at}

    found = sampled("spaces_bucket", known, sighted)

    assert (found["size_bytes"], found["measured_at"]) == kept
    assert sampled("volume", known, sighted) == sighted


def test_the_first_byte_of_an_empty_bucket_is_kept() -> None:
    known = {"size_bytes": 0, "object_count": 0, "measured_at": "2026-04-01T06:00:00Z"}
    sighted = {"size_bytes": 1, "object_count": 1, "measured_at": "2026-04-01T12:00:00Z"}
    assert sampled("spaces_bucket", known, sighted) == sighted


def test_an_interval_tells_by_what_its_kind_is_metered_and_ends_where_that_changes() -> None:
    copied = replace(
        life(kind="image", measured="5", changes=(Change("attrs.type", at(1), "custom"),)),
        fields={"attrs.size_gigabytes": "5", "attrs.type": "backup"},
    )
    told = [(one.start, dict(one.fields)) for one in existence(copied, Window(T0, at(2)))]
    assert told == [(at(0), {"attrs.type": "custom"}), (at(1), {"attrs.type": "backup"})]
