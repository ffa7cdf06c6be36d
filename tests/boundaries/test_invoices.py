"""Invoices to the last cent, text and hash: issued ones must always verify."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2

from services.analytics.invoicing.invoices.rules.chain import BEGINNING, chain_hash
from services.analytics.invoicing.invoices.rules.invoices import HandOver
from services.analytics.invoicing.invoices.rules.lines import (
    Line,
    Proof,
    lines_hash,
    proofs_hash,
)
from services.analytics.invoicing.invoices.rules.numbering import (
    credit_note_number,
    invoice_number,
    read_invoice_number,
)
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    HandOverStatus,
    RollupStatus,
    check_rollup_move,
)
from services.analytics.invoicing.profiles.rules.parties import Party, TaxRule
from services.analytics.invoicing.rollups.quotes import Subscribed, part_of
from services.analytics.invoicing.rollups.rules.adjusting import adjustment_lines
from services.analytics.invoicing.rollups.rules.drafting import (
    MAX_SUBTOTAL,
    CannotBill,
    Part,
    assemble,
    recomputed_tax_proof,
    tax_of,
)
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.values.canonical import canonical, digest
from services.common.values.periods import Period
from tests.invoicing.invoices import APRIL, invoice, line
from tests.invoicing.invoices import days as days_in

NOW = datetime(2026, 5, 1, tzinfo=UTC)
GST = TaxRule(UUID(int=1), "AU", "GST", Decimal("10.0"), APRIL.start)
PROOF = Proof("shop", "s1", "{}", "in", "2", "out", "The shop")


def part(*lines: Line, deployment: str = "shop", currency: str = "AUD") -> Part:
    return Part(deployment, currency, lines, replace(PROOF, deployment_id=deployment))


def test_the_tax_is_a_line_that_multiplies_and_a_proof_of_its_own() -> None:
    draft = assemble("acme", APRIL, [part(line(6422))], GST)

    assert (draft.tenant_id, draft.period, draft.currency) == ("acme", APRIL, "AUD")
    assert (draft.subtotal_cents, draft.tax_cents, draft.total_cents) == (6422, 642, 7064)
    assert draft.tax_rule == GST
    assert draft.lines == (
        line(6422),
        Line(
            kind="tax",
            resource_kind="",
            description="GST 10%",
            qty=Decimal(10),
            unit="percent",
            unit_price_cents=Decimal("64.22"),
            amount_cents=642,
            meta={
                "rate_percent": "10",
                "subtotal_cents": "6422",
                "tax_region": "AU",
                "tax_rule_id": "00000000-0000-0000-0000-000000000001",
            },
            deployment_id=None,
            **days_in(APRIL),
            service_days=30,
        ),
    )
    inputs = (
        '{"period_end":"2026-05-01","period_start":"2026-04-01","subtotal_cents":6422,'
        '"tax_rule":{"label":"GST","rate_percent":"10","region":"AU"}}'
    )
    tax_proof = Proof("", "", inputs, digest(inputs), "tax/1", digest('{"tax_cents":642}'))
    assert draft.proofs == (PROOF, tax_proof)
    assert recomputed_tax_proof(6422, GST, APRIL) == (tax_proof, 642)


@pytest.mark.parametrize(
    ("subtotal", "rate", "tax"),
    [(5, "10", 1), (4, "10", 0), (-5, "10", -1), (-4, "10", 0), (15, "10", 2), (100, "0", 0),
     (1, "49.999", 0), (1, "50", 1), (7, "100", 7)],
)  # fmt: skip  # a table
def test_a_tax_is_rounded_at_half_a_cent(subtotal: int, rate: str, tax: int) -> None:
    assert tax_of(subtotal, Decimal(rate)) == tax


def test_an_invoice_comes_to_the_largest_amount_and_not_to_a_cent_more() -> None:
    for sign in (1, -1):
        largest = sign * MAX_SUBTOTAL
        assert assemble("acme", APRIL, [part(line(largest))], GST).subtotal_cents == largest
        with pytest.raises(CannotBill) as refused:
            assemble("acme", APRIL, [part(line(largest), line(sign))], GST)
        assert (refused.value.reason, refused.value.message, refused.value.deployment_id) == (
            "AMOUNT_TOO_LARGE",
            "the lines exceed 1000000000000000 cents in total",
            "",
        )
        assert str(refused.value) == refused.value.message


def test_a_month_that_cannot_be_billed_has_a_reason() -> None:
    with pytest.raises(CannotBill) as refused:
        assemble("acme", APRIL, [], GST)
    assert (refused.value.reason, refused.value.message) == (
        "NOTHING_TO_BILL",
        "no subscription was billable in the period",
    )


def test_currencies_that_do_not_mix_are_named_with_the_last_deployment() -> None:
    parts = [
        part(line()),
        part(line(), deployment="blog", currency="USD"),
        part(line(), deployment="wiki"),
    ]
    with pytest.raises(CannotBill) as refused:
        assemble("acme", APRIL, parts, GST)
    assert (refused.value.reason, refused.value.message, refused.value.deployment_id) == (
        "MIXED_CURRENCIES",
        "subscriptions are priced in AUD, USD: an invoice has one currency",
        "wiki",
    )


def test_the_hashes_of_what_was_issued_are_what_they_were() -> None:
    full = line(
        672,
        "overage",
        resource_kind="droplet_hours",
        description="Zeit: größer",
        qty=Decimal("672.50"),
        unit_price_cents=Decimal("0.40"),
        meta={"b": "2", "a": "1"},
        dimensions={"size": "s-1"},
        price_base_qty=Decimal("1000.0"),
        service_days=12,
    )
    content = [
        "overage", "droplet_hours", "Zeit: größer", "672.5", "month", "0.4", 672,
        {"a": "1", "b": "2"}, "shop", "2026-04-01", "2026-05-01",
        {"dimensions": {"size": "s-1"}, "price_base_qty": "1000", "service_days": 12},
    ]  # fmt: skip  # a table
    text = json.dumps([content], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical([content]) == text
    assert lines_hash([full]) == digest(text)
    assert lines_hash([line(service_days=0)]) != lines_hash([line()])
    assert proofs_hash([PROOF]) == digest('[["shop","s1","in","2","out","The shop"]]')
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_a_link_of_the_chain_is_the_hash_of_all_that_the_invoice_says() -> None:
    sealed = invoice(
        number=42,
        tax_rate_percent=Decimal("10.50"),
        issuer=Party("us", "11 222", ("Sydney",), "a@b.c"),
    )
    party = {"abn": "", "address_lines": [], "email": ""}
    said = {
        "number": 42, "tenant_id": "acme", "period": "2026-04-01", "currency": "AUD",
        "subtotal_cents": 100, "tax_cents": 10, "total_cents": 110, "tax_label": "GST",
        "tax_rate_percent": "10.5", "issued_on": "2026-05-01", "due_on": "2026-05-15",
        "lines_hash": "l", "proofs_hash": "p", "recipient": {**party, "name": "them"},
        "issuer": {
            "name": "us", "abn": "11 222", "address_lines": ["Sydney"], "email": "a@b.c",
        },
    }  # fmt: skip  # a table
    assert BEGINNING == "0" * 64
    assert chain_hash(BEGINNING, sealed) == digest(f"{BEGINNING}\n{canonical(said)}")


def test_numbers_are_six_digits_or_more() -> None:
    assert invoice_number(None) == ""
    assert (invoice_number(42), invoice_number(999_999)) == ("INV-000042", "INV-999999")
    assert invoice_number(1_000_000) == "INV-1000000"
    assert credit_note_number(7) == "CN-000007"
    assert read_invoice_number("INV-" + "9" * 18, "after") == 10**18 - 1
    for wrong in ("INV-" + "9" * 19, "INV-99999", "xINV-000042", "INV-000042 "):
        with pytest.raises(InvalidArgument) as refused:
            read_invoice_number(wrong, "after")
        [violation] = refused.value.violations
        assert (violation.field, violation.description) == (
            "after",
            "is not an invoice's number as in INV-000042",
        )


R = RollupStatus
ALLOWED = {
    (R.RUNNING, R.AWAITING_APPROVAL), (R.RUNNING, R.ISSUING), (R.RUNNING, R.FAILED),
    (R.RUNNING, R.UNDONE), (R.AWAITING_APPROVAL, R.RUNNING), (R.AWAITING_APPROVAL, R.ISSUING),
    (R.AWAITING_APPROVAL, R.FAILED), (R.AWAITING_APPROVAL, R.UNDONE), (R.ISSUING, R.COMPLETED),
    (R.ISSUING, R.FAILED), (R.COMPLETED, R.RUNNING), (R.FAILED, R.RUNNING), (R.FAILED, R.UNDONE),
}  # fmt: skip  # a table


@pytest.mark.parametrize("current", list(R))
@pytest.mark.parametrize("wanted", list(R))
def test_a_roll_up_makes_the_moves_of_the_table(current: R, wanted: R) -> None:
    if current is wanted:
        assert check_rollup_move(current, wanted) is False
    elif (current, wanted) in ALLOWED:
        assert check_rollup_move(current, wanted) is True
    else:
        with pytest.raises(FailedPrecondition) as refused:
            check_rollup_move(current, wanted)
        assert refused.value.reason == "ROLLUP_MOVE_REFUSED"
        assert refused.value.metadata == {"status": current}
        assert str(refused.value) == f"the roll-up is {current} and cannot become {wanted}"


@pytest.mark.parametrize("status", list(HandOverStatus))
def test_only_what_accounts_receivable_has_is_not_handed_over_again(status: HandOverStatus) -> None:
    known = HandOver(
        1, HandedOver.INVOICE, UUID(int=1), None, status, "AR-7", 1, "", None, "", "", None, NOW
    )
    if status is not HandOverStatus.DELIVERED:
        known.check_not_delivered()
        return
    with pytest.raises(
        FailedPrecondition, match=r"^it was delivered to accounts receivable already, as AR-7$"
    ) as no:
        known.check_not_delivered()
    assert no.value.reason == "ALREADY_HANDED_OVER"


def quoted(**told: Any) -> quotes_pb2.QuoteLine:
    return quotes_pb2.QuoteLine(
        kind="overage", resource_kind="llm_tokens", description="Overage", qty="1.50",
        unit="token", unit_price_cents="0.4", amount_cents=1, meta={"plan_item_id": "i"},
        dimensions={"model": "m"}, **told,
    )  # fmt: skip  # a table


SUBSCRIBED = Subscribed("s1", "acme", "shop", "The shop")


def test_a_quote_is_billed_line_for_line_with_its_own_days() -> None:
    days = {
        "price_base_qty": "1000",
        "service_start": "2026-04-03",
        "service_end": "2026-04-13",
    }
    newer = quoted(**days)
    newer.service_days = 10
    quote = quotes_pb2.Quote(
        currency="AUD",
        first_invoice=[quotes_pb2.QuoteLine(kind="plan_base", qty="1", unit_price_cents="5000")],
        overage=[newer],
        ad_hoc=[quoted()],
        billed_days=[quotes_pb2.DaySpan(start="2026-04-03", end="2026-04-05")],
        trial_days=[quotes_pb2.DaySpan(start="2026-04-05", end="2026-04-07")],
        proof=quotes_pb2.Proof(
            inputs_json="{}", inputs_hash="in", engine_version="2", result_hash="out"
        ),
    )

    made = part_of(SUBSCRIBED, quote, APRIL)

    assert (made.deployment_id, made.currency) == ("shop", "AUD")
    assert made.proof == replace(
        PROOF,
        covered_days=(
            Period(date(2026, 4, 3), date(2026, 4, 5)),
            Period(date(2026, 4, 5), date(2026, 4, 7)),
        ),
    )
    assert [one.kind for one in made.lines] == ["plan_base", "overage", "overage"]
    assert made.lines[1] == Line(
        kind="overage", resource_kind="llm_tokens", description="Overage", qty=Decimal("1.50"),
        unit="token", unit_price_cents=Decimal("0.4"), amount_cents=1,
        meta={"plan_item_id": "i"}, deployment_id="shop",
        **days_in(Period(date(2026, 4, 3), date(2026, 4, 13))),
        dimensions={"model": "m"}, price_base_qty=Decimal(1000), service_days=10,
    )  # fmt: skip  # a table
    assert made.lines[2] == replace(
        made.lines[1], **days_in(APRIL), price_base_qty=Decimal(1), service_days=None
    )


def test_a_late_month_is_named_and_one_without_days_has_no_name() -> None:
    made = part_of(SUBSCRIBED, quotes_pb2.Quote(currency="AUD"), APRIL, is_own=False)
    assert made.proof.service_month == date(2026, 4, 1)
    assert made.proof.covered_days is None


def test_a_subscription_is_known_by_its_deployments_name() -> None:
    listed = pricing_service_pb2.BillableSubscription()
    listed.subscription.id, listed.subscription.tenant_id = "s1", "acme"
    listed.subscription.deployment_id = "shop"
    listed.deployment.slug = "the-shop"
    assert Subscribed.of(listed) == replace(SUBSCRIBED, deployment_name="the-shop")
    listed.deployment.display_name = "The shop"
    assert Subscribed.of(listed) == SUBSCRIBED
    assert SUBSCRIBED.deployment == ("acme", "shop")


MARCH = Period.month(2026, 3)


def used(qty: str, amount: int, **changes: Any) -> Line:
    return line(
        amount,
        **{
            "kind": "overage", "resource_kind": "llm_tokens", "description": "Overage: llm_tokens",
            "qty": Decimal(qty), "unit": "token", "unit_price_cents": Decimal("0.4"),
            "meta": {"plan_item_id": "i", "proration": "12/31"}, **days_in(MARCH),
            "service_days": 31, **changes,
        },
    )  # fmt: skip  # a table


def test_an_adjustment_reads_as_the_difference_at_the_price_of_its_month() -> None:
    [made] = adjustment_lines([used("100", 40)], [used("350", 140)], MARCH)
    assert made == used(
        "250",
        100,
        kind="adjustment",
        description="Adjustment of March 2026: Overage: llm_tokens",
        meta={
            "plan_item_id": "i",
            "adjusts_kind": "overage",
            "adjusts_period": "2026-03-01",
            "billed_cents": "40",
        },
    )


def test_an_adjustment_that_no_quantity_gives_reads_once_its_amount() -> None:
    [made] = adjustment_lines([used("1", 0)], [used("2", 1)], MARCH)
    assert made == used(
        "1",
        1,
        kind="adjustment",
        description="Adjustment of March 2026: Overage: llm_tokens",
        unit="adjustment",
        unit_price_cents=Decimal(1),
        meta={
            "plan_item_id": "i", "adjusts_kind": "overage", "adjusts_period": "2026-03-01",
            "billed_cents": "0", "adjusts_qty": "1", "adjusts_unit": "token",
            "adjusts_unit_price_cents": "0.4", "adjusts_price_base_qty": "1",
        },
    )  # fmt: skip  # a table
    # What is learned next is held against what that line stood for.
    [next_one] = adjustment_lines([used("1", 0), made], [used("12", 5)], MARCH)
    assert (next_one.qty, next_one.unit, next_one.amount_cents) == (Decimal(10), "token", 4)
    assert next_one.unit_price_cents == Decimal("0.4")


def test_a_quantity_that_no_decimal_equals_is_kept_beside_the_shown_one() -> None:
    third = used("0.333333333333", 33, unit_price_cents=Decimal(100), meta={"exact_qty": "1/3"})
    [made] = adjustment_lines([], [third], MARCH)
    assert (made.qty, made.meta["exact_qty"]) == (Decimal("0.333333333333"), "1/3")
    two_thirds = [third, replace(third, amount_cents=34)]
    [made] = adjustment_lines([], two_thirds, MARCH)
    assert (made.qty, made.meta["exact_qty"]) == (Decimal("0.666666666667"), "2/3")


def test_lines_of_one_price_are_adjusted_together_over_all_their_days() -> None:
    first = used(
        "10",
        4,
        **days_in(Period(date(2026, 3, 1), date(2026, 3, 6))),
        service_days=5,
        meta={"plan_item_id": "i", "plan": "a", "same": "x"},
    )
    second = used(
        "10",
        4,
        **days_in(Period(date(2026, 3, 20), date(2026, 3, 23))),
        service_days=3,
        meta={"plan_item_id": "i", "plan": "b", "same": "x"},
    )
    for lines in ([first, second], [second, first]):
        [made] = adjustment_lines([], lines, MARCH)
        assert (made.qty, made.amount_cents, made.service_days) == (Decimal(20), 8, 8)
        assert made.service == Period(date(2026, 3, 1), date(2026, 3, 23))
        assert {"plan", "same"} & made.meta.keys() == {"same"}
    [made] = adjustment_lines([], [first, replace(second, service_days=None)], MARCH)
    assert made.service_days is None


def test_a_credit_shows_the_usage_and_not_the_adjustment() -> None:
    """400 cents for a thousand: 1 is 0 cents, 4 are 2, and the difference of 3 is no 2 cents."""
    priced = {"unit_price_cents": Decimal(400), "price_base_qty": Decimal(1000)}
    one = used("1", 0, **priced)
    [made] = adjustment_lines([one], [used("4", 2, **priced)], MARCH)
    assert (made.qty, made.unit, made.unit_price_cents, made.price_base_qty) == (
        Decimal(1),
        "adjustment",
        Decimal(2),
        Decimal(1),
    )
    assert made.meta["adjusts_qty"] == "3"
    assert made.meta["adjusts_price_base_qty"] == "1000"

    [more] = adjustment_lines([one, made], [used("14", 6, **priced)], MARCH)
    [back] = adjustment_lines([one, made], [], MARCH)
    for told, qty, amount in ((more, 10, 4), (back, -4, -2)):
        assert (told.qty, told.unit, told.amount_cents) == (Decimal(qty), "token", amount)
        assert (told.unit_price_cents, told.price_base_qty) == (Decimal(400), Decimal(1000))
        assert told.description == made.description
        assert not {"adjusts_qty", "adjusts_unit"} & told.meta.keys()


def test_days_that_were_adjusted_before_count_among_those_that_are_billed() -> None:
    def days(count: int, amount: int) -> Line:
        return used(
            str(count), amount, kind="plan_base", resource_kind="", unit="day",
            unit_price_cents=Decimal(2000), price_base_qty=Decimal(31),
            meta={"plan_version_id": "v"}, service_days=count,
        )  # fmt: skip  # a table

    [made] = adjustment_lines([days(12, 774)], [days(18, 1161)], MARCH)
    [more] = adjustment_lines([days(12, 774), made], [days(20, 1290)], MARCH)
    assert (more.qty, more.amount_cents, more.meta["adjusts_kind"]) == (
        Decimal(2),
        129,
        "plan_base",
    )


def test_an_adjustment_that_does_not_say_its_kind_is_of_usage() -> None:
    older = used("100", 40, kind="adjustment", meta={"plan_item_id": "i"})
    assert adjustment_lines([older], [used("100", 40)], MARCH) == ()


def test_usage_priced_by_two_catalog_rows_is_adjusted_separately() -> None:
    other = used("10", 4, meta={"plan_item_id": "j"})
    made = adjustment_lines([], [other, used("10", 4)], MARCH)
    assert [(one.meta["plan_item_id"], one.qty) for one in made] == [
        ("i", Decimal(10)),
        ("j", Decimal(10)),
    ]


def test_a_quantity_of_many_digits_is_adjusted_to_its_last() -> None:
    [made] = adjustment_lines(
        [], [used("12345678901234567.123456789012", 4_938_271_560_493_827)], MARCH
    )
    assert made.qty == Decimal("12345678901234567.123456789012")


def test_an_adjustment_covers_days_of_its_own_month_only() -> None:
    beyond = used("10", 4, **days_in(Period(date(2026, 2, 20), date(2026, 4, 9))), service_days=48)
    [made] = adjustment_lines([], [beyond], MARCH)
    assert (made.service, made.service_days) == (MARCH, 31)
    elsewhere = used("10", 4, **days_in(APRIL), service_days=30)
    [made] = adjustment_lines([], [elsewhere], MARCH)
    assert (made.service, made.service_days) == (MARCH, 30)


def test_adjustments_stand_in_the_order_of_an_invoice() -> None:
    lines = [
        used("10", 4, kind="ad_hoc"), used("10", 4), used("10", 4, resource_kind="a"),
        used("10", 4, kind="addon"), used("10", 4, kind="plan_base"),
        used("10", 4, dimensions={"size": "b"}), used("10", 4, dimensions={"size": "a"}),
    ]  # fmt: skip  # a table
    made = adjustment_lines([], lines, MARCH)
    assert [
        (one.meta["adjusts_kind"], one.resource_kind, one.dimensions.get("size")) for one in made
    ] == [
        ("plan_base", "llm_tokens", None), ("addon", "llm_tokens", None), ("overage", "a", None),
        ("overage", "llm_tokens", None), ("overage", "llm_tokens", "a"),
        ("overage", "llm_tokens", "b"), ("ad_hoc", "llm_tokens", None),
    ]  # fmt: skip  # a table
