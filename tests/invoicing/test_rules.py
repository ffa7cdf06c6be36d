"""Rules of invoices without a database: sums, tax, hashes, credits, numbers."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.invoicing.invoices.document.formatting import amount_in_words
from services.analytics.invoicing.invoices.rules.chain import BEGINNING, chain_hash
from services.analytics.invoicing.invoices.rules.crediting import (
    Creditable,
    CreditableTax,
    credit_of,
)
from services.analytics.invoicing.invoices.rules.crediting import CreditedAmount as Amount
from services.analytics.invoicing.invoices.rules.lines import Line, Proof, lines_hash
from services.analytics.invoicing.invoices.rules.numbering import (
    invoice_number,
    read_invoice_number,
)
from services.analytics.invoicing.invoices.rules.states import (
    InvoiceKind,
    RollupStatus,
    check_rollup_move,
)
from services.analytics.invoicing.profiles.rules.parties import Party, TaxRule
from services.analytics.invoicing.rollups.rules.drafting import CannotBill, Part, assemble, tax_of
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.values.canonical import canonical
from tests.invoicing.invoices import APRIL, invoice, line

GST = TaxRule(UUID(int=1), "AU", "GST", Decimal(10), APRIL.start)


def part(*lines: Line, deployment: str = "shop", currency: str = "AUD") -> Part:
    proof = Proof(deployment, f"of {deployment}", "{}", "i", "1", "r")
    return Part(deployment, currency, lines, proof)


amounts = st.integers(-(10**9), 10**9)
rates = st.decimals(0, 100, places=3)


@given(st.lists(amounts, min_size=1, max_size=20), rates)
def test_an_invoice_is_its_lines_and_one_line_of_tax_on_their_sum(
    cents: list[int], rate: Decimal
) -> None:
    draft = assemble("acme", APRIL, [part(*map(line, cents))], replace(GST, rate_percent=rate))
    *billed, tax = draft.lines
    assert [one.amount_cents for one in billed] == cents
    assert [one.kind for one in draft.lines].count("tax") == 1
    assert draft.subtotal_cents == sum(cents)
    assert draft.total_cents == sum(one.amount_cents for one in draft.lines)
    assert tax.deployment_id is None
    exact = Fraction(tax.qty) * Fraction(tax.unit_price_cents)
    assert abs(exact - tax.amount_cents) <= Fraction(1, 2)
    assert draft.tax_cents == tax.amount_cents == tax_of(sum(cents), rate)


@given(amounts, rates)
def test_tax_is_rounded_half_up_and_mirrored_by_what_is_given_back(
    subtotal: int, rate: Decimal
) -> None:
    exact = abs(Fraction(subtotal)) * Fraction(rate) / 100
    assert abs(tax_of(subtotal, rate)) == int(exact + Fraction(1, 2))
    assert tax_of(-subtotal, rate) == -tax_of(subtotal, rate)


def test_currencies_do_not_mix_and_nothing_is_no_invoice() -> None:
    mixed = [part(line(1)), part(line(1), deployment="blog", currency="USD")]
    with pytest.raises(CannotBill) as refused:
        assemble("acme", APRIL, mixed, GST)
    assert (refused.value.reason, refused.value.deployment_id) == ("MIXED_CURRENCIES", "blog")
    with pytest.raises(CannotBill) as refused:
        assemble("acme", APRIL, [], GST)
    assert refused.value.reason == "NOTHING_TO_BILL"


@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=6),
    rates,
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 50_000)), max_size=8),
)
def test_credits_never_come_to_more_than_was_charged_and_all_of_them_to_exactly_that(
    charged: list[int], rate: Decimal, takes: list[tuple[int, int]]
) -> None:
    """Of lines, whose tax follows, and of the tax by itself, in any order."""
    lines = [Creditable(uuid4(), cents, 0) for cents in charged]
    tax = CreditableTax(uuid4(), tax_of(sum(charged), rate), 0, 0)
    for place, cents in takes:
        place %= len(lines) + 1
        chosen = tax if place == len(lines) else lines[place]
        wanted = [Amount(chosen.line_id, cents)]
        if cents > chosen.left_cents:
            with pytest.raises(InvalidArgument):
                credit_of(lines, tax, wanted, rate_percent=rate)
            continue
        note = credit_of(lines, tax, wanted, rate_percent=rate)
        if chosen is tax:
            assert (note.subtotal_cents, note.tax_cents) == (0, cents)
            tax = replace(tax, alone_cents=tax.alone_cents + cents)
            continue
        assert 0 <= note.tax_cents <= tax.left_cents
        tax = replace(tax, followed_cents=tax.followed_cents + note.tax_cents)
        lines = [
            replace(one, credited_cents=one.credited_cents + cents) if one is chosen else one
            for one in lines
        ]
    left = sum(one.left_cents for one in lines)
    if not left:
        assert tax.left_cents == 0
        with pytest.raises(FailedPrecondition):
            credit_of(lines, tax, [], rate_percent=rate)
        return
    rest = credit_of(lines, tax, [], rate_percent=rate)
    assert (rest.subtotal_cents, rest.tax_cents) == (left, tax.left_cents)


def test_a_tax_credited_alone_is_not_credited_again_with_its_line() -> None:
    [line_id, tax_id] = [uuid4(), uuid4()]
    lines, rate = [Creditable(line_id, 10_000, 0)], Decimal(10)
    whole = credit_of(
        lines, CreditableTax(tax_id, 1000, 0, 1000), [Amount(line_id, 5000)], rate_percent=rate
    )
    assert (whole.subtotal_cents, whole.tax_cents) == (5000, 0)
    part = credit_of(
        lines, CreditableTax(tax_id, 1000, 0, 700), [Amount(line_id, 5000)], rate_percent=rate
    )
    assert part.tax_cents == 300
    both = credit_of(
        lines,
        CreditableTax(tax_id, 1000, 0, 0),
        [Amount(line_id, 5000), Amount(tax_id, 100)],
        rate_percent=rate,
    )
    assert (both.subtotal_cents, both.tax_cents) == (5000, 600)


@given(st.lists(amounts, min_size=1, max_size=5))
def test_the_hash_of_lines_knows_every_cent_and_their_order_and_no_spelling_of_a_number(
    cents: list[int],
) -> None:
    lines = [line(amount, qty=Decimal("1.50")) for amount in cents]
    assert lines_hash(lines) == lines_hash([replace(one, qty=Decimal("1.5")) for one in lines])
    assert lines_hash(lines) != lines_hash([replace(lines[0], amount_cents=10**10), *lines[1:]])
    assert lines_hash([*lines, line(10**10)]) != lines_hash([line(10**10), *lines])


def test_a_link_of_the_chain_holds_all_that_the_invoice_says_and_the_one_before_it() -> None:
    sealed = invoice()
    link = chain_hash(BEGINNING, sealed)
    assert chain_hash(BEGINNING, replace(sealed, tax_rate_percent=Decimal("10.0"))) == link
    others = [
        chain_hash("1" * 64, sealed),
        chain_hash(BEGINNING, replace(sealed, number=2)),
        chain_hash(BEGINNING, replace(sealed, total_cents=111)),
        chain_hash(BEGINNING, replace(sealed, recipient=Party("them", email="x"))),
        chain_hash(BEGINNING, replace(sealed, due_on=date(2026, 5, 16))),
        chain_hash(BEGINNING, replace(sealed, lines_hash="m")),
        chain_hash(BEGINNING, replace(sealed, kind=InvoiceKind.ONE_OFF)),
        chain_hash(BEGINNING, replace(sealed, purchase_order="PO 42")),
    ]
    assert len({link, *others}) == len(others) + 1


def test_a_link_is_computed_for_good_as_it_was_when_it_was_made() -> None:
    written = replace(invoice(), kind=InvoiceKind.ONE_OFF, purchase_order="PO 42")
    assert chain_hash(BEGINNING, invoice()) == (
        "bb627b5dc69ce4d1063bd19a8307e283efb52f2209420c3f9221ae2f9dd631a2"
    )
    assert chain_hash(BEGINNING, written) == (
        "864352bbc6c1b4c1b11b527edfc432c1f7d37bb48adf72945fc30f9510751ead"
    )


@given(st.integers(1, 10**15))
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    assert read_invoice_number(invoice_number(number), "after_number") == number


@pytest.mark.parametrize("text", ["", "42", "INV-42", "INV-00004x", "inv-000042", "INV-٠٠٠٠٤٢"])
def test_an_invalid_invoice_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        read_invoice_number(text, "after_number")


def test_a_roll_up_moves_only_along_allowed_transitions() -> None:
    assert not check_rollup_move(RollupStatus.RUNNING, RollupStatus.RUNNING)
    assert check_rollup_move(RollupStatus.AWAITING_APPROVAL, RollupStatus.ISSUING)
    for current, wanted in (
        (RollupStatus.ISSUING, RollupStatus.UNDONE),
        (RollupStatus.COMPLETED, RollupStatus.UNDONE),
        (RollupStatus.UNDONE, RollupStatus.RUNNING),
        (RollupStatus.RUNNING, RollupStatus.COMPLETED),
    ):
        with pytest.raises(FailedPrecondition):
            check_rollup_move(current, wanted)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (0, "AUD", "0.00"),
        (5, "AUD", "0.05"),
        (123_456, "AUD", "1,234.56"),
        (-5, "AUD", "−0.05"),
        (1935, "JPY", "1,935"),
        (-1935, "JPY", "−1,935"),
        (1_234_567, "KWD", "1,234.567"),
    ],
)
def test_amounts_are_written_as_people_write_them(cents: int, currency: str, text: str) -> None:
    assert amount_in_words(cents, currency) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_hashed_invoices_read_as_in_the_first_release(value: object) -> None:
    # Issued invoices keep hashes that were made of this text.
    first = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(value) == first
