"""The provider's bill: texts, values and sums exactly at their limits."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.billing.ingest.rules.billed_values import (
    BadValue,
    read_amount,
    read_hours,
    read_instant,
)
from services.billing.ingest.rules.classification import (
    PRODUCTS,
    Judged,
    Product,
    judge,
    judge_daily,
    product_of,
)
from services.billing.ingest.rules.reconciling import (
    PARTS,
    PartialSum,
    PartResidual,
    Reconciliation,
    SummaryParts,
    compare_parts,
    parts_agree,
    reconcile,
)


def sums(*parts: tuple[str, str, bool]) -> list[PartialSum]:
    return [
        PartialSum(classification, is_overage, 2, Decimal(amount))
        for classification, amount, is_overage in parts
    ]


BILL = sums(
    ("resource", "10.10", False),
    ("shared", "1.00", False),
    ("account", "0.50", False),
    ("shared", "3.25", True),
    ("resource", "0.75", True),
    ("tax", "1.56", False),
    ("credit", "-5.00", False),
)


def test_each_part_of_a_bill_is_counted_once_and_all_add_up() -> None:
    assert reconcile(BILL, summary_usd=Decimal("12.16"), history_usd=Decimal("12.16")) == (
        Reconciliation(
            line_count=14,
            lines_usd=Decimal("11.60"),
            overages_usd=Decimal("4.00"),
            taxes_usd=Decimal("1.56"),
            credits_usd=Decimal("-5.00"),
            total_usd=Decimal("12.16"),
            summary_usd=Decimal("12.16"),
            residual_usd=Decimal(0),
            balanced=True,
        )
    )


@pytest.mark.parametrize(
    ("summary", "history", "residual", "balanced"),
    [
        ("12.164999", "12.16", "0", True),
        ("12.155001", "12.16", "0", True),
        ("12.165", "12.16", "0", False),
        ("12.155", "12.16", "0", False),
        ("12.16", "12.164999", "0.004999", True),
        ("12.16", "12.155001", "-0.004999", True),
        ("12.16", "12.165", "0.005", False),
        ("12.16", "12.155", "-0.005", False),
        ("12.17", "12.17", "0.01", False),
        (None, "12.16", "0", None),
        (None, "99", "86.84", None),
    ],
)
def test_a_bill_is_balanced_to_the_cent_and_its_residual_is_exact(
    summary: str | None, history: str, residual: str, *, balanced: bool | None
) -> None:
    told = reconcile(
        BILL,
        summary_usd=None if summary is None else Decimal(summary),
        history_usd=Decimal(history),
    )
    assert (told.residual_usd, told.balanced) == (Decimal(residual), balanced)


def test_an_empty_bill_has_no_lines() -> None:
    told = reconcile([], summary_usd=Decimal(0), history_usd=Decimal(0))
    assert (told.line_count, told.total_usd, told.balanced) == (0, Decimal(0), True)


def test_a_sum_of_many_digits_is_not_rounded() -> None:
    told = reconcile(
        sums(("resource", "1" + "0" * 27, False), ("resource", "0.000000000001", False)),
        summary_usd=None,
        history_usd=Decimal(0),
    )
    assert told.total_usd == Decimal("1" + "0" * 27 + ".000000000001")
    assert told.residual_usd == Decimal("-1" + "0" * 27 + ".000000000001")


@pytest.mark.parametrize("places", [70, 16_000])
def test_a_sum_keeps_as_many_digits_as_the_database_does(places: int) -> None:
    least = "0." + "0" * (places - 1) + "1"
    told = reconcile(
        sums(("resource", "9" * 100, False), ("tax", least, False)),
        summary_usd=Decimal("9" * 100),
        history_usd=Decimal("9" * 100),
    )
    assert str(told.total_usd) == "9" * 100 + least[1:]
    assert told.residual_usd == Decimal(f"-{least}")
    assert told.balanced is True


LINES = {
    "charges": Decimal("10.10"),
    "overages": Decimal(4),
    "taxes": Decimal("1.56"),
    "credits": Decimal(-5),
}


def test_the_parts_of_a_summary_are_compared_one_by_one() -> None:
    said = {**LINES, "charges": Decimal("10.00"), "credits": None}
    parts = compare_parts(LINES, said)
    assert parts == [
        PartResidual("product_charges", Decimal("10.10"), Decimal("10.00"), Decimal("-0.10")),
        PartResidual("overages", Decimal(4), Decimal(4), Decimal(0)),
        PartResidual("taxes", Decimal("1.56"), Decimal("1.56"), Decimal(0)),
        PartResidual("credits_and_adjustments", Decimal(-5), None, None),
    ]
    assert [part.part for part in parts] == list(PARTS)


def test_a_residual_of_a_part_is_exact() -> None:
    many = Decimal("1" + "0" * 40 + ".000000000000001")
    [charges, *_] = compare_parts({**LINES, "charges": many}, {**LINES, "charges": Decimal(1)})
    assert charges.residual_usd == Decimal("-" + "9" * 40 + ".000000000000001")


@pytest.mark.parametrize(
    ("said", "agree"),
    [
        ({}, True),
        ({"taxes": Decimal("1.57")}, False),
        ({"taxes": Decimal("1.564999")}, True),
        ({"taxes": Decimal("1.565")}, False),
        ({"taxes": Decimal("1.555")}, False),
        ({"taxes": None}, None),
        ({"taxes": None, "overages": Decimal(3)}, False),
        ({"overages": Decimal(5), "charges": Decimal("9.10")}, False),
    ],
)
def test_parts_agree_when_none_has_a_residual(
    said: dict[str, Decimal | None], *, agree: bool | None
) -> None:
    assert parts_agree(compare_parts(LINES, {**LINES, **said})) is agree


def test_a_summary_may_leave_its_parts_out() -> None:
    told = SummaryParts(Decimal(1))
    names = ("charges_usd", "overages_usd", "taxes_usd", "credits_usd")
    assert [getattr(told, name) for name in names] == [None] * 4


RESOURCE = "resource"


@pytest.mark.parametrize(
    ("product", "description", "judged"),
    [
        ("Droplets", "Web-1 (s-1vcpu-1gb)", Judged("droplet", RESOURCE, False, "web-1")),
        (" droplets ", "web-1", Judged("droplet", RESOURCE, False, "web-1")),
        ("Droplets", "a (b) (s-1vcpu-1gb)", Judged("droplet", RESOURCE, False, "a (b)")),
        ("Droplets", "a (b", Judged("droplet", RESOURCE, False, "a (b")),
        ("Droplets", "a (b) c", Judged("droplet", RESOURCE, False, "a (b) c")),
        ("Droplets", " (s-1vcpu-1gb)", Judged("droplet", RESOURCE, False, "")),
        ("Droplets", "a(b)", Judged("droplet", RESOURCE, False, "a(b)")),
        (
            "Reserved IPs",
            "Unused Floating IP - 1.2.3.4 ",
            Judged("reserved_ip", RESOURCE, False, "1.2.3.4"),
        ),
        (
            "Reserved IPs",
            "Unused Reserved IP - 1.2.3.4",
            Judged("reserved_ip", RESOURCE, False, "1.2.3.4"),
        ),
        ("Droplets", "web-1 Overage (1 TB)", Judged("droplet", "shared", True, "")),
        ("Spaces", "Overage (1 TB)", Judged("spaces_bucket", "shared", False, "")),
        ("Spaces", "Spaces Overage (1 TB)", Judged("spaces_bucket", "shared", True, "")),
        ("Spaces Subscription", "syd1", Judged("spaces_bucket", "shared", False, "")),
        ("Bandwidth", "pooled", Judged("", "shared", False, "")),
        ("Taxes", "GST Overage (10%)", Judged("", "tax", False, "")),
        ("Credits", "promo", Judged("", "credit", False, "")),
        ("Credits", "for an overage (1 TB)", Judged("", "credit", False, "")),
        ("Support", "Premium", Judged("", "account", False, "")),
        ("Marketplace", "cPanel", Judged("", "account", False, "")),
        ("Droplet", "web-1", Judged("", "unknown", False, "")),
        ("Quantum", "q-1 (1 qubit)", Judged("", "unknown", False, "")),
        ("", "web-1", Judged("", "unknown", False, "")),
        ("Quantum", "q-1 Overage (1 qubit)", Judged("", "shared", True, "")),
        ("Premium Droplets", "web-1 (s)", Judged("droplet", RESOURCE, False, "web-1")),
        ("Backups", "web-1 (s)", Judged("droplet", RESOURCE, False, "web-1")),
        ("Container Registry", "images", Judged("container_registry", RESOURCE, False, "images")),
        ("Kubernetes Control Plane", "k", Judged("kubernetes_cluster", RESOURCE, False, "k")),
        ("Refunds", "for web-1", Judged("", "credit", False, "")),
        ("GST", "10%", Judged("", "tax", False, "")),
        ("GST (10%)", "", Judged("", "tax", False, "")),
        ("GST/HST", "", Judged("", "tax", False, "")),
        ("Canadian QST", "", Judged("", "tax", False, "")),
        ("vat", "", Judged("", "tax", False, "")),
        ("Sales Tax", "", Judged("", "tax", False, "")),
        ("Sales Tax - NY", "", Judged("", "tax", False, "")),
        ("Local Taxes", "", Judged("", "tax", False, "")),
        ("Vats", "", Judged("", "unknown", False, "")),
        ("Taxi", "", Judged("", "unknown", False, "")),
        ("Syntax", "", Judged("", "unknown", False, "")),
        ("Droplets", "Web-1  (s-1vcpu-1gb) ", Judged("droplet", RESOURCE, False, "web-1")),
        ("Droplets", " web-1 ", Judged("droplet", RESOURCE, False, "web-1")),
        ("Droplets", "web (blue)", Judged("droplet", RESOURCE, False, "web")),
    ],
)
def test_a_lines_words_say_what_it_bills(product: str, description: str, judged: Judged) -> None:
    assert judge(product, "", description, "", is_credit=False) == judged


def test_a_negative_amount_is_a_credit_unless_it_is_tax() -> None:
    credit = Judged("", "credit", False, "")
    assert judge("Droplets", "", "web-1", "", is_credit=True) == credit
    assert judge("Support", "", "x", "", is_credit=True) == credit
    assert judge("Quantum", "", "x", "", is_credit=True) == credit
    assert judge("Tax", "", "GST", "", is_credit=True) == Judged("", "tax", False, "")


def test_a_product_is_known_by_its_name_alone() -> None:
    assert product_of(" Droplets ") == Product("droplet", "resource")
    assert product_of("VAT") == Product("", "tax")
    assert product_of("Quantum") == Product("", "unknown")


@pytest.mark.parametrize(
    ("sku", "judged"),
    [
        ("1-DO-DROP-0011", Judged("droplet", RESOURCE, False, "web-1")),
        ("1-do-drop", Judged("droplet", RESOURCE, False, "web-1")),
        ("1-DO-LOAD-0011", Judged("load_balancer", RESOURCE, False, "web-1")),
        ("1-DO-SPAC-1", Judged("spaces_bucket", "shared", False, "")),
        ("1-DO-BAND-1", Judged("", "shared", False, "")),
        ("1-DO-GPUD-1", Judged("droplet", RESOURCE, False, "web-1")),
        ("1-DO-DBAA-1", Judged("database", RESOURCE, False, "web-1")),
        ("1-DO-LBAA-1", Judged("load_balancer", RESOURCE, False, "web-1")),
        ("1-DO-DOKS-1", Judged("kubernetes_cluster", RESOURCE, False, "web-1")),
        ("1-DO-REGI-1", Judged("container_registry", RESOURCE, False, "web-1")),
        ("1-DO", Judged("", "unknown", False, "")),
        ("1-DO-WHAT-1", Judged("", "unknown", False, "")),
        ("", Judged("", "unknown", False, "")),
    ],
)
def test_a_daily_estimate_is_classified_by_its_sku(sku: str, judged: Judged) -> None:
    assert judge_daily("Web-1 (s-1vcpu-1gb)", "", sku, is_credit=False) == judged


def test_a_daily_credit_is_classified_as_a_credit() -> None:
    credit = Judged("", "credit", False, "")
    assert judge_daily("web-1", "", "1-DO-DROP-1", is_credit=True) == credit
    overage = Judged("droplet", "shared", True, "")
    assert judge_daily("Droplet Overage (1 TB)", "", "1-DO-DROP-1", is_credit=False) == overage


def test_every_product_is_found_by_its_name() -> None:
    for name, product in PRODUCTS.items():
        told = judge(name.title(), "", "x", "", is_credit=False)
        assert told.classification == product.classification


def bad(read: object, text: str) -> str:
    assert callable(read)
    with pytest.raises(BadValue) as refused:
        read(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$" + "9" * 16 + "." + "9" * 12, "9" * 16 + "." + "9" * 12),
        ("0" * 40 + "1", "1"),
        ("$0.000000000001", "0.000000000001"),
        ("-$1.00", "-1.00"),
        ("$-1.00", "-1.00"),
        ("+$1.00", "1.00"),
        ("($1.00)", "-1.00"),
        ("(0.00)", "0.00"),
        ("-0.00", "0.00"),
        ("$1,234.56", "1234.56"),
        ("$12,345,678", "12345678"),
        (".5", "0.5"),
        ("5.", "5"),
        (" $1.00 ", "1.00"),
        ("$" + "9" * 17 + "." + "9" * 13, "9" * 17 + "." + "9" * 13),
        ("-$0.00744047619047621234567890", "-0.00744047619047621234567890"),
        ("$0." + "1" * 15_000, "0." + "1" * 15_000),
        ("(" + "1" * 200 + ".5)", "-" + "1" * 200 + ".5"),
    ],
)
def test_an_amount_is_read_to_its_last_digit(text: str, amount: str) -> None:
    assert str(read_amount(text)) == str(Decimal(amount))


TOO_LONG = "is longer than 16000 characters"
UNFIT = "has mismatched brackets or signs"
NO_AMOUNT = "is not an amount such as $1,234.56"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is blank"),
        ("   ", "is blank"),
        ("\t", "is blank"),
        ("free", NO_AMOUNT),
        ("1e3", NO_AMOUNT),
        ("1,23", NO_AMOUNT),
        ("1234,567", NO_AMOUNT),
        ("($1.00", UNFIT),
        ("$1.00)", UNFIT),
        ("-$-1.00", UNFIT),
        ("(-$1.00)", UNFIT),
        ("0" * 16_001, TOO_LONG),
        ("1e" + "0" * 200, NO_AMOUNT),
    ],
)
def test_an_invalid_amount_is_refused_with_the_reason(text: str, why: str) -> None:
    assert bad(read_amount, text) == why


@pytest.mark.parametrize("length", [99, 100, 101, 16_000])
def test_a_number_of_any_length_is_read_that_the_database_keeps(length: int) -> None:
    assert read_amount("0" * (length - 1) + "1") == 1
    assert read_hours("0" * (length - 1) + "1") == 1
    assert read_hours(" " * length) is None


def test_a_value_beyond_what_is_kept_is_refused() -> None:
    assert read_instant(" " * 100) is None
    assert bad(read_hours, " " * 16_001) == TOO_LONG
    assert bad(read_instant, " " * 101) == "is longer than 100 characters"


def test_hours_are_a_number_or_none() -> None:
    assert read_hours("") is None
    assert read_hours(" 744 ") == 744
    assert read_hours("-1.5") == Decimal("-1.5")
    assert str(read_hours("-0")) == "0"
    assert str(read_hours("1,000.25")) == "1000.25"
    assert bad(read_hours, "a month") == "is not a number of hours"
    assert bad(read_hours, "(1)") == "is not a number of hours"
    assert str(read_hours("54.8833333333333333333333333")) == "54.8833333333333333333333333"
    assert bad(read_hours, "1" * 200 + "x") == "is not a number of hours"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-07-01 00:00:00 +0000", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T00:00:00Z", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T00:00:00z", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01 00:00:00 UTC", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01 00:00:00 +0000 UTC", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01 00:00:00.5 +0000 UTC", datetime(2020, 7, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        ("2020-07-01T10:30:00+10:30", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T00:00:00.123456789Z", datetime(2020, 7, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("2020-07-01T00:00:00.1Z", datetime(2020, 7, 1, 0, 0, 0, 100000, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2199-12-31T23:59:59Z", datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc(text: str, instant: datetime) -> None:
    assert read_instant(f" {text} ") == instant
    told = read_instant(text)
    assert told is not None
    assert told.tzinfo is UTC


YEARS = "is not between the years 2000 and 2199"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2020-07-01", "is not an instant such as 2020-07-01 00:00:00 +0000"),
        ("2020-07-01T00:00:00", "is not an instant such as 2020-07-01 00:00:00 +0000"),
        ("2020-07-01T00:00:00Z UTC", "is not an instant such as 2020-07-01 00:00:00 +0000"),
        ("2021-02-29T00:00:00Z", "is not a valid date and time"),
        ("0001-01-01T00:00:00+10:00", "is not a valid date and time"),
        ("1999-12-31T23:59:59Z", YEARS),
        ("2000-01-01T00:00:00+01:00", YEARS),
        ("2200-01-01T00:00:00Z", YEARS),
    ],
)
def test_an_invalid_timestamp_is_refused_with_the_reason(text: str, why: str) -> None:
    assert bad(read_instant, text) == why
