"""The evidence of a sweep, as pure rules."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.sync.rules.sweeps import (
    BREAKER_ROWS,
    BREAKER_SHARE,
    Evidence,
    TombstoneCheck,
    Unreadable,
    Verdict,
    is_read,
    judge,
    may_tombstone,
    partial,
)
from services.inventory.vocabulary import Outcome

COUNTS = st.integers(0, 200_000)
SCOPES = st.frozensets(st.sampled_from(["tags", "vpc_uuid", "volume_ids", "project_id"]))


@given(COUNTS, COUNTS, SCOPES, st.none() | SCOPES)
def test_only_a_sweep_that_adds_up_completes(
    seen: int, total: int, scopes: frozenset[str], known: frozenset[str] | None
) -> None:
    verdict = judge(Evidence(seen, total, scopes, known))
    assert (verdict.outcome is Outcome.INCOMPLETE) == (seen != total)


@given(COUNTS, COUNTS, COUNTS, st.integers(-5, 5))
def test_rows_that_could_not_be_read_are_accounted_for_and_a_difference_only_as_accepted(
    seen: int, unread: int, total: int, accepted: int
) -> None:
    verdict = judge(
        Evidence(
            seen, total, frozenset(), None, unread=unread, unreadable=Unreadable(unread),
            accepted_difference=accepted,
        )
    )  # fmt: skip  # a table
    if total - seen - unread not in (0, accepted):
        assert verdict.outcome is Outcome.INCOMPLETE
    else:
        assert verdict.outcome is (Outcome.PARTIAL if unread else Outcome.COMPLETED)


def test_rows_that_could_not_be_read_make_a_sweep_partial_and_are_named() -> None:
    evidence = Evidence(
        1, 2, frozenset(), None, unread=1, unreadable=Unreadable(1, ("droplet 42",))
    )
    assert judge(evidence) == Verdict(Outcome.PARTIAL, "1 could not be read: droplet 42")
    assert judge(replace(evidence, reported_total=3)).reason == (
        "the provider reported 3 and 1 were seen (1 more could not be read)"
    )
    assert judge(Evidence(1, 3, frozenset(), None)).reason == (
        "the provider reported 3 and 1 were seen"
    )


def test_only_a_sweep_that_broke_off_is_read_again_by_its_run() -> None:
    read = {outcome for outcome in Outcome if is_read(outcome)}
    assert read == {Outcome.COMPLETED, Outcome.PARTIAL, Outcome.FROZEN, Outcome.HALTED}


def test_a_narrower_scope_freezes_a_partial_sweep_too() -> None:
    evidence = Evidence(1, 2, frozenset(), frozenset({"tags"}), unread=1, unreadable=Unreadable(1))
    assert judge(evidence).outcome is Outcome.FROZEN


def test_a_partial_sweep_names_the_first_rows_and_counts_the_others() -> None:
    named = ("droplet 42: networks.v4[0] has no ip_address", "droplet 43: id is null")
    assert partial(Unreadable(1_002, named)).reason == (
        "1,002 could not be read: droplet 42: networks.v4[0] has no ip_address;"
        " droplet 43: id is null; and 1,000 more"
    )


@given(st.integers(1, 200_000), SCOPES, SCOPES)
def test_only_a_narrower_scope_freezes(
    seen: int, scopes: frozenset[str], known: frozenset[str]
) -> None:
    verdict = judge(Evidence(seen, seen, scopes, known))
    assert (verdict.outcome is Outcome.FROZEN) == (not known <= scopes)


@given(COUNTS, st.none() | COUNTS, SCOPES, st.none() | SCOPES)
def test_every_outcome_but_completed_says_why(
    seen: int, total: int | None, scopes: frozenset[str], known: frozenset[str] | None
) -> None:
    verdict = judge(Evidence(seen, total, scopes, known))
    assert bool(verdict.reason) == (verdict.outcome is not Outcome.COMPLETED)


@given(COUNTS, COUNTS)
def test_without_a_confirmation_the_breaker_bounds_what_is_tombstoned(
    living: int, gone: int
) -> None:
    verdict = may_tombstone(TombstoneCheck(living, gone, confirmed=0))
    if verdict.outcome is Outcome.COMPLETED:
        assert gone <= BREAKER_ROWS or gone <= BREAKER_SHARE * living
    else:
        assert gone > BREAKER_ROWS
        assert gone > BREAKER_SHARE * living


@given(COUNTS, COUNTS, COUNTS)
def test_a_confirmation_releases_up_to_its_number(living: int, gone: int, confirmed: int) -> None:
    free = may_tombstone(TombstoneCheck(living, gone, confirmed=0)).outcome is Outcome.COMPLETED
    released = may_tombstone(TombstoneCheck(living, gone, confirmed)).outcome is Outcome.COMPLETED
    assert released == (free or gone <= confirmed)


def test_the_breaker_names_the_numbers() -> None:
    verdict = may_tombstone(TombstoneCheck(living=30, gone=7, confirmed=0))
    assert verdict.reason == (
        "7 of 30 would be tombstoned, more than 20 % of the kind; an operator must confirm"
    )
