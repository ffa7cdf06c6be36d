"""Lifetimes, sizes and strikes exactly at their bounds: seconds, empty values, the breaker."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kinds.metering import Measure
from services.inventory.lifetimes.rules.lifetimes import (
    Change,
    ExistenceInterval,
    ExistencePage,
    Lifetime,
    Mark,
    NameSpan,
    Owner,
    OwnerSpan,
    Window,
    existence,
    existence_page,
    names,
    ownership,
)
from services.inventory.lifetimes.rules.measures import MEASURES, sampled
from services.inventory.sync.rules.sweeps import (
    Evidence,
    TombstoneCheck,
    Verdict,
    judge,
    may_tombstone,
)
from services.inventory.vocabulary import Outcome

T0 = datetime(2026, 4, 1, tzinfo=UTC)
ACME = Owner("acme", "shop")
GLOBEX = Owner("globex", "blog")
HELD = "attrs.size_gigabytes"
MONTH = Window(T0, T0 + timedelta(days=30))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def life(**told: Any) -> Lifetime:
    made: dict[str, Any] = {
        "id": UUID(int=1), "kind": "droplet", "provider_id": "1", "name": "web",
        "status": "active", "size": "small", "fields": {}, "unmeasured": "", "project_id": "",
        "project_name": "", "lived_from": T0, "lived_to": None, "changes": (),
        "owners": (OwnerSpan(ACME, T0, None),),
    }  # fmt: skip  # a table
    return Lifetime(**{**made, **told})


def piece(start: datetime, end: datetime, **told: Any) -> ExistenceInterval:
    made: dict[str, Any] = {
        "resource_id": UUID(int=1), "kind": "droplet", "name": "web", "owner": ACME,
        "status": "active", "size": "small", "gigabytes": None, "unmeasured": "",
        "fields": {},
    }  # fmt: skip  # a table
    return ExistenceInterval(**{**made, **told}, start=start, end=end)


def test_a_change_counts_from_its_own_second() -> None:
    changed = life(
        changes=(
            Change("status", at(10.9), "off"),
            Change("name", at(15), "old"),
            Change("size", at(20), "tiny"),
            Change("project_id", at(25), "p"),
        )
    )
    assert list(existence(changed, MONTH)) == [
        piece(T0, at(10), status="off", size="tiny", name="old"),
        piece(at(10), at(20), size="tiny", name="old"),
        piece(at(20), MONTH.end),
    ]


def test_a_change_at_an_end_of_the_window_cuts_nothing() -> None:
    changed = life(
        lived_from=at(-100),
        changes=(Change("size", T0, "tiny"), Change("size", MONTH.end, "small")),
        owners=(OwnerSpan(ACME, at(-100), None),),
    )
    assert list(existence(changed, MONTH)) == [piece(T0, MONTH.end)]


def test_a_change_and_its_reversal_each_cut_the_interval() -> None:
    changed = life(changes=(Change("size", at(10), "small"), Change("size", at(11), "tiny")))
    assert list(existence(changed, MONTH)) == [
        piece(T0, at(10)),
        piece(at(10), at(11), size="tiny"),
        piece(at(11), MONTH.end),
    ]


def test_a_change_to_the_same_or_to_nothing_ends_no_interval() -> None:
    same = life(changes=(Change("size", at(10), "small"), Change("status", at(20), "active")))
    assert list(existence(same, MONTH)) == [piece(T0, MONTH.end)]
    unknown = life(
        changes=(
            Change("size", at(10), None),
            Change("status", at(10), None),
            Change("name", at(10), None),
        )
    )
    assert list(existence(unknown, MONTH)) == [
        piece(T0, at(10), size="", status="", name=""),
        piece(at(10), MONTH.end),
    ]


def test_another_name_ends_no_interval_though_something_was_noted_with_it() -> None:
    renamed = life(changes=(Change("name", at(10), "old"), Change("size", at(10), "small")))
    assert list(existence(renamed, MONTH)) == [piece(T0, MONTH.end, name="old")]


def test_a_lifetime_of_a_second_counts_and_a_shorter_one_does_not() -> None:
    second = life(lived_from=at(5.5), lived_to=at(6.0), owners=(OwnerSpan(ACME, at(5.5), None),))
    assert list(existence(second, MONTH)) == [piece(at(5), at(6))]
    shorter = life(lived_from=at(5.0), lived_to=at(5.9), owners=(OwnerSpan(ACME, at(5), None),))
    assert list(existence(shorter, MONTH)) == []


def test_a_window_is_half_open() -> None:
    def within(start: float, end: float | None) -> list[ExistenceInterval]:
        ended = None if end is None else at(end)
        lived = life(
            lived_from=at(start), lived_to=ended, owners=(OwnerSpan(ACME, at(start), None),)
        )
        return list(existence(lived, Window(at(100), at(200))))

    assert within(50, 100) == []
    assert within(50, 101) == [piece(at(100), at(101))]
    assert within(200, 300) == []
    assert within(199, 300) == [piece(at(199), at(200))]
    assert within(100, 200) == [piece(at(100), at(200))]
    assert within(0, None) == [piece(at(100), at(200))]


def test_the_size_of_a_volume_cuts_its_interval_and_the_disk_of_a_droplet_does_not() -> None:
    grown = (Change("attrs.size_gigabytes", at(10), "100"),)
    volume = life(kind="volume", fields={HELD: "200"}, changes=grown)
    assert list(existence(volume, MONTH)) == [
        piece(T0, at(10), kind="volume", gigabytes=Decimal(100)),
        piece(at(10), MONTH.end, kind="volume", gigabytes=Decimal(200)),
    ]
    droplet = life(fields={HELD: "200"}, changes=grown)
    assert list(existence(droplet, MONTH)) == [piece(T0, MONTH.end)]


def test_a_size_that_is_unknown_says_why() -> None:
    def told(**more: Any) -> list[tuple[Decimal | None, str]]:
        lived = life(kind="volume", **more)
        return [(one.gigabytes, one.unmeasured) for one in existence(lived, MONTH)]

    first = (Change("attrs.size_gigabytes", at(10), None),)
    assert told(fields={HELD: "5"}, changes=first) == [
        (None, "it had not been measured yet"),
        (Decimal(5), ""),
    ]
    assert told() == [(None, "the provider tells no size")]
    assert told(unmeasured="no key") == [(None, "no key")]
    assert told(fields={HELD: "5"}, unmeasured="no key") == [(Decimal(5), "")]
    assert [one.unmeasured for one in existence(life(unmeasured="no key"), MONTH)] == [""]


def test_a_zero_length_ownership_counts_only_if_it_is_the_first() -> None:
    def owned(*owners: OwnerSpan, **told: Any) -> list[OwnerSpan]:
        return ownership(life(owners=owners, **told))

    assert owned(OwnerSpan(ACME, at(5), None)) == [OwnerSpan(ACME, T0, None)]
    assert owned(OwnerSpan(ACME, at(5), at(9)), OwnerSpan(GLOBEX, at(9), None)) == [
        OwnerSpan(ACME, T0, at(9)),
        OwnerSpan(GLOBEX, at(9), None),
    ]
    assert owned(
        OwnerSpan(ACME, T0, at(9)), OwnerSpan(GLOBEX, at(9), at(9)), OwnerSpan(ACME, at(9), None)
    ) == [OwnerSpan(ACME, T0, None)]
    assert owned(
        OwnerSpan(ACME, T0, at(9)), OwnerSpan(GLOBEX, at(9), at(10)), OwnerSpan(ACME, at(10), None)
    ) == [
        OwnerSpan(ACME, T0, at(9)),
        OwnerSpan(GLOBEX, at(9), at(10)),
        OwnerSpan(ACME, at(10), None),
    ]
    # With a gap in between, the same owner is one of two spans.
    assert owned(OwnerSpan(ACME, T0, at(9)), OwnerSpan(ACME, at(10), None)) == [
        OwnerSpan(ACME, T0, at(9)),
        OwnerSpan(ACME, at(10), None),
    ]
    # Seen once: it lived for no time, and was somebody's.
    assert owned(OwnerSpan(ACME, T0, None), lived_to=T0) == [OwnerSpan(ACME, T0, T0)]


def test_an_owner_holds_no_longer_than_the_life() -> None:
    given = (OwnerSpan(ACME, T0, at(9)), OwnerSpan(GLOBEX, at(9), None))
    assert ownership(life(owners=given, lived_to=at(9))) == [OwnerSpan(ACME, T0, at(9))]
    assert ownership(life(owners=given, lived_to=at(10))) == [
        OwnerSpan(ACME, T0, at(9)),
        OwnerSpan(GLOBEX, at(9), at(10)),
    ]
    assert ownership(life(owners=given, lived_to=at(8))) == [OwnerSpan(ACME, T0, at(8))]


def test_each_name_has_its_span_also_an_empty_one() -> None:
    renamed = life(
        lived_to=at(30),
        changes=(
            Change("name", at(10), None),
            Change("size", at(15), "x"),
            Change("name", at(20), "b"),
        ),
    )
    assert names(renamed) == [
        NameSpan("", T0, at(10)),
        NameSpan("b", at(10), at(20)),
        NameSpan("web", at(20), at(30)),
    ]
    assert names(life()) == [NameSpan("web", T0, None)]


def test_a_page_is_full_exactly_at_its_size() -> None:
    first = life(changes=(Change("size", at(10), "tiny"),))
    second = life(id=UUID(int=2), owners=(OwnerSpan(GLOBEX, T0, None),))
    three = [
        piece(T0, at(10), size="tiny"),
        piece(at(10), MONTH.end),
        piece(T0, MONTH.end, resource_id=UUID(int=2), owner=GLOBEX),
    ]

    def page(
        lives: list[Lifetime], size: int, after: Mark | None = None, of: str = ""
    ) -> ExistencePage:
        return existence_page(lives, MONTH, deployment_id=of, after=after, size=size)

    assert page([first, second], 3) == ExistencePage(three, None)
    assert page([first, second], 2) == ExistencePage(three[:2], Mark(UUID(int=1), at(10)))
    assert page([first, second], 1) == ExistencePage(three[:1], Mark(UUID(int=1), T0))
    assert page([first], 1, Mark(UUID(int=1), T0)) == ExistencePage(three[1:2], None)
    assert page([first, second], 2, Mark(UUID(int=1), T0)) == ExistencePage(three[1:], None)
    assert page([first, second], 2, of="blog") == ExistencePage(three[2:], None)
    assert page([first, second], 2, of="none") == ExistencePage([], None)
    # More lives than the page: it goes on after the last that was looked at.
    assert page([first, second], 1, of="blog") == ExistencePage(
        three[2:], Mark(UUID(int=2), MONTH.end)
    )
    # A mark of a life that is not here lets all of these through.
    assert page([second], 1, Mark(UUID(int=1), MONTH.end)) == ExistencePage(three[2:], None)
    assert page([], 1) == ExistencePage([], None)


@pytest.mark.parametrize(
    ("value", "gigabytes"),
    [
        ("1024", "1"), ("0", "0"), ("0.5", "0.00048828125"), ("-1", None), ("-0.001", None),
        ("NaN", None), ("Infinity", None), ("-Infinity", None), ("", None), (None, None),
        ("big", None), ("1536", "1.5"),
    ],
)  # fmt: skip  # a table
def test_a_size_is_a_number_that_is_not_negative_or_unknown(
    value: str | None, gigabytes: str | None
) -> None:
    told = MEASURES["database"].gigabytes(value)
    assert told == (None if gigabytes is None else Decimal(gigabytes))


def test_a_measure_is_an_attribute() -> None:
    assert Measure("size_gigabytes").field == "attrs.size_gigabytes"
    assert Measure("size_gigabytes").gigabytes("2.5") == Decimal("2.5")


def bucket(size: object, at: str, count: int = 1) -> dict[str, object]:
    return {"size_bytes": size, "measured_at": at, "object_count": count, "region": "syd1"}


NOON, LATER, NEXT_DAY = "2026-04-01T12:00:00Z", "2026-04-01T23:59:59Z", "2026-04-02T00:00:00Z"


@pytest.mark.parametrize(
    ("before", "now", "when", "kept"),
    [
        (100, 101, LATER, False),
        (100, 102, LATER, True),
        (100, 99, LATER, False),
        (100, 98, LATER, True),
        (100, 100, LATER, True),
        (100, 101, NEXT_DAY, True),
        (0, 1, LATER, True),
        (1000, 1010, LATER, False),
        (1000, 1011, LATER, True),
        (100, "101", LATER, True),
        (None, 101, LATER, True),
        (True, 1, LATER, True),
    ],
)
def test_a_measurement_is_kept_when_it_differs_by_more_than_one_percent_or_is_the_days_first(
    before: object, now: object, when: str, *, kept: bool
) -> None:
    known, sighted = bucket(before, NOON), bucket(now, when, 2)
    told = sampled("spaces_bucket", known, sighted)
    assert told == (sighted if kept else known)


def test_only_what_changes_by_itself_is_sampled() -> None:
    known, sighted = bucket(100, NOON), bucket(101, LATER)
    assert sampled("volume", known, sighted) is sighted
    assert sampled("boat", known, sighted) is sighted
    for name in ("size_bytes", "measured_at", "object_count"):
        less = {key: value for key, value in known.items() if key != name}
        assert sampled("spaces_bucket", less, sighted) is sighted
        less = {key: value for key, value in sighted.items() if key != name}
        assert sampled("spaces_bucket", known, less) is less
    elsewhere = {**sighted, "region": "nyc3"}
    assert sampled("spaces_bucket", known, elsewhere) == {**known, "region": "nyc3"}


def test_a_size_has_twelve_digits_after_its_point() -> None:
    spaces = MEASURES["spaces_bucket"]
    assert spaces.gigabytes("1") == Decimal("0.000000000931")
    assert spaces.gigabytes(str(2**30)) == Decimal(1)
    assert spaces.gigabytes(str(2**29)) == Decimal("0.5")


SCOPES = frozenset({"tags", "vpc"})


def evidence(**told: Any) -> Evidence:
    made: dict[str, Any] = {
        "seen": 5,
        "reported_total": 5,
        "scopes": SCOPES,
        "known_scopes": SCOPES,
    }
    return Evidence(**{**made, **told})


def test_a_sweep_is_evidence_exactly_when_it_adds_up() -> None:
    assert judge(evidence()) == Verdict(Outcome.COMPLETED)
    assert judge(evidence(reported_total=None)) == Verdict(Outcome.COMPLETED)
    assert judge(evidence(seen=0, reported_total=0)) == Verdict(Outcome.COMPLETED)
    for reported in (4, 6):
        assert judge(evidence(reported_total=reported)) == Verdict(
            Outcome.INCOMPLETE, f"the provider reported {reported} and 5 were seen"
        )


def test_a_field_that_is_no_longer_seen_freezes_and_one_more_does_not() -> None:
    lost = Verdict(
        Outcome.FROZEN, "the token no longer sees tags, vpc; strikes and drift are frozen"
    )
    assert judge(evidence(scopes=frozenset())) == lost
    assert judge(evidence(scopes=SCOPES | {"volumes"})) == Verdict(Outcome.COMPLETED)
    assert judge(evidence(scopes=frozenset(), known_scopes=None)) == Verdict(Outcome.COMPLETED)
    assert judge(evidence(scopes=frozenset(), seen=0, reported_total=0)) == Verdict(
        Outcome.COMPLETED
    )
    assert judge(evidence(scopes=frozenset(), seen=1, reported_total=1)) == lost


@pytest.mark.parametrize(
    ("living", "gone", "confirmed", "lets"),
    [
        (5, 5, 0, True),
        (6, 6, 0, False),
        (29, 6, 0, False),
        (30, 6, 0, True),
        (100, 20, 0, True),
        (100, 21, 0, False),
        (100, 21, 20, False),
        (100, 21, 21, True),
        (100, 21, 22, True),
        (0, 0, 0, True),
    ],
)
def test_the_breaker_trips_at_one_more_than_its_share(
    living: int, gone: int, confirmed: int, *, lets: bool
) -> None:
    told = may_tombstone(TombstoneCheck(living, gone, confirmed))
    assert told == (
        Verdict(Outcome.COMPLETED)
        if lets
        else Verdict(
            Outcome.HALTED,
            f"{gone} of {living} would be tombstoned, more than 20 % of the kind;"
            " an operator must confirm",
        )
    )
