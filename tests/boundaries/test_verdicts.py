"""Decisions on reconciliation, on a cost before its resource, and on an interrupted sweep."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.analytics.margin.rules.attribution import OwnedSpan, charged_before_known
from services.analytics.margin.rules.reconciling import (
    BookDifference,
    Reconciliation,
    check_reconciled,
    difference_of,
    judge,
)
from services.common.errors import FailedPrecondition
from services.common.values.periods import Period
from services.inventory.sync.rules.sweeps import Verdict, broken_off
from services.inventory.vocabulary import Outcome
from tests.analytics.test_attribution_rules import cost
from tests.boundaries.test_margins import BOOKS

MONTH = Period.month(2026, 4)
CLOSED = Reconciliation(datetime(2026, 5, 1, tzinfo=UTC), 0, 0)


def test_a_difference_has_the_figures_of_each_side_and_an_explanation() -> None:
    books = replace(BOOKS, provider_hours=Decimal(700), billed_hours=Decimal(3))
    judgement = judge(books)
    assert judgement is not None
    found = difference_of(books, 7)
    assert found is not None
    assert (found.place, found.difference_type, found.explanation) == (7, *judgement)
    kept = {one.name for one in fields(BookDifference)} & {one.name for one in fields(books)}
    assert {name: getattr(found, name) for name in kept} == {
        name: getattr(books, name) for name in kept
    }
    assert len(kept) == 9


@pytest.mark.parametrize(
    ("found", "reason", "said"),
    [
        (None, "METERING_OPEN", "the metering of 2026-04 is not closed"),
        (replace(CLOSED, closed_at=None), "METERING_OPEN", "the metering of 2026-04 is not closed"),
        (
            replace(CLOSED, agreed_count=None),
            "NOT_RECONCILED",
            "the costs of 2026-04 are not attributed yet",
        ),
    ],
)
def test_a_month_that_is_open_or_not_compared_has_no_differences_yet(
    found: Reconciliation | None, reason: str, said: str
) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        check_reconciled(found, "2026-04")
    assert (refused.value.reason, refused.value.message) == (reason, said)
    assert check_reconciled(CLOSED, "2026-04") is CLOSED


def test_a_cost_may_precede_the_first_sighting_of_its_resource() -> None:
    later = OwnedSpan("acme", "", MONTH.start_at + timedelta(days=1), MONTH.end_at)
    whole = replace(later, start=MONTH.start_at)
    charged = replace(cost(), start=MONTH.start_at)
    assert charged_before_known(charged, [later, whole], MONTH)
    assert not charged_before_known(charged, [whole], MONTH)
    assert not charged_before_known(replace(charged, start=later.start), [later], MONTH)
    assert charged_before_known(charged, [], MONTH)
    assert charged_before_known(replace(charged, start=None), [later], MONTH)
    assert not charged_before_known(replace(charged, start=None), [whole], MONTH)


@pytest.mark.parametrize(
    ("is_denied", "seen", "was_read", "outcome", "reason"),
    [
        (True, 0, True, Outcome.FROZEN, "no scope; strikes and drift are frozen"),
        (True, 1, True, Outcome.FAILED, "no scope"),
        (True, 0, False, Outcome.FAILED, "no scope"),
        (False, 0, True, Outcome.FAILED, "no scope"),
    ],
)
def test_a_list_that_the_token_may_no_longer_read_freezes_its_kind(
    is_denied: bool, seen: int, was_read: bool, outcome: Outcome, reason: str
) -> None:
    found = broken_off("no scope", is_denied=is_denied, seen=seen, was_read=was_read)
    assert found == Verdict(outcome, reason)
