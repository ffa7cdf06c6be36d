"""Credit notes exactly at the rest of a line, of the invoice, and of its tax."""

from decimal import Decimal
from uuid import UUID

import pytest

from services.analytics.invoicing.invoices.rules.crediting import (
    Credit,
    Creditable,
    CreditableTax,
    CreditedAmount,
    credit_of,
)
from services.common.errors import FailedPrecondition, InvalidArgument

A, B, T = UUID(int=1), UUID(int=2), UUID(int=3)
GST = Decimal(10)


def tax(amount: int = 15, followed: int = 0, alone: int = 0) -> CreditableTax:
    return CreditableTax(T, amount, followed, alone)


def lines(a: int = 0, b: int = 0) -> list[Creditable]:
    """A line of 100 and one of 50, of which so much was taken back."""
    return [Creditable(A, 100, a), Creditable(B, 50, b)]


def note(*amounts: tuple[UUID, int], subtotal: int, tax_cents: int) -> Credit:
    made = tuple(CreditedAmount(line, cents) for line, cents in amounts)
    return Credit(made, subtotal, tax_cents)


def wanted(*amounts: tuple[UUID, int]) -> list[CreditedAmount]:
    return [CreditedAmount(line, cents) for line, cents in amounts]


def test_all_that_is_left_is_taken_back_with_its_tax() -> None:
    whole = credit_of(lines(), tax(), [], rate_percent=GST)
    assert whole == note((A, 100), (B, 50), subtotal=150, tax_cents=15)
    assert whole.total_cents == 165
    assert credit_of(lines(100, 49), tax(followed=15), [], rate_percent=GST) == note(
        (B, 1), subtotal=1, tax_cents=0
    )


def test_a_line_is_credited_up_to_its_amount_and_not_more() -> None:
    assert credit_of(lines(), tax(), wanted((A, 100)), rate_percent=GST) == note(
        (A, 100), subtotal=100, tax_cents=10
    )
    assert credit_of(lines(a=99), tax(followed=10), wanted((A, 1)), rate_percent=GST) == note(
        (A, 1), subtotal=1, tax_cents=0
    )
    assert credit_of(lines(), tax(), wanted((A, 4), (B, 1)), rate_percent=GST) == note(
        (A, 4), (B, 1), subtotal=5, tax_cents=1
    )


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ([(A, 101)], "lines[0].amount_cents", "exceeds the amount left: 100"),
        ([(A, 1), (B, 41)], "lines[1].amount_cents", "exceeds the amount left: 40"),
        ([(A, 0)], "lines[0].amount_cents", "must be positive"),
        ([(A, -1)], "lines[0].amount_cents", "must be positive"),
        ([(A, 1), (A, 1)], "lines[1].line_id", "is named twice"),
        ([(A, 1), (UUID(int=9), 1)], "lines[1].line_id", "is not a line of this invoice"),
        ([(T, 15)], "lines[0].amount_cents", "exceeds the amount left: 14"),
    ],
)
def test_a_line_that_cannot_be_credited_is_refused_by_its_number(
    asked: list[tuple[UUID, int]], field: str, why: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        credit_of(lines(b=10), tax(followed=1), wanted(*asked), rate_percent=GST)
    [violation] = refused.value.violations
    assert (violation.field, violation.description) == (field, why)


def test_a_used_up_quota_is_reported() -> None:
    with pytest.raises(FailedPrecondition, match=r"^nothing is left to credit$") as refused:
        credit_of(lines(100, 50), tax(followed=15), [], rate_percent=GST)
    assert refused.value.reason == "NOTHING_TO_CREDIT"


def test_no_more_than_the_invoice_is_taken_back_where_a_line_of_it_is_negative() -> None:
    given_back = [Creditable(A, 100, 0), Creditable(B, -40, 0)]
    assert credit_of(given_back, tax(6), wanted((A, 60)), rate_percent=GST) == note(
        (A, 60), subtotal=60, tax_cents=6
    )
    with pytest.raises(InvalidArgument) as refused:
        credit_of(given_back, tax(6), wanted((A, 61)), rate_percent=GST)
    [violation] = refused.value.violations
    assert (violation.field, violation.description) == (
        "lines",
        "are more than is left of the invoice",
    )
    with pytest.raises(InvalidArgument, match="are more than is left of the invoice"):
        credit_of([Creditable(A, 100, 1), given_back[1]], tax(6), wanted((A, 60)), rate_percent=GST)
    assert credit_of(given_back, tax(6), [], rate_percent=GST) == note(
        (A, 100), (B, -40), subtotal=60, tax_cents=6
    )


def test_a_tax_that_was_taken_back_alone_is_not_taken_back_again() -> None:
    assert tax(15, followed=4, alone=5).left_cents == 6
    alone = credit_of(lines(), tax(), wanted((T, 15)), rate_percent=GST)
    assert alone == note((T, 15), subtotal=0, tax_cents=15)
    assert credit_of(lines(), tax(alone=15), [], rate_percent=GST).tax_cents == 0
    assert credit_of(lines(), tax(alone=10), [], rate_percent=GST).tax_cents == 5
    assert credit_of(lines(), tax(), wanted((A, 100), (T, 5)), rate_percent=GST) == note(
        (A, 100), (T, 5), subtotal=100, tax_cents=15
    )
    assert credit_of(lines(), tax(), wanted((A, 100), (T, 6)), rate_percent=GST).tax_cents == 15
    # Of everything that is left without the tax, what the tax alone gave is not given twice.
    later = credit_of(lines(a=100), tax(followed=9, alone=6), [], rate_percent=GST)
    assert later == note((B, 50), subtotal=50, tax_cents=0)
    # Alone after all lines: nothing follows any more.
    last = credit_of(lines(100, 50), tax(16, followed=15), wanted((T, 1)), rate_percent=GST)
    assert last == note((T, 1), subtotal=0, tax_cents=1)


def test_a_tax_that_is_named_alone_gives_what_is_named_and_nothing_of_earlier_lines() -> None:
    """An earlier note gave 100 back and but 4 of their tax."""
    named = credit_of(lines(a=100), tax(followed=4), wanted((T, 1)), rate_percent=GST)
    assert named == note((T, 1), subtotal=0, tax_cents=1)
