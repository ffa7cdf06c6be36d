"""Numbers at a bound and on each side of it, and their errors."""

from decimal import Decimal, Inexact, localcontext
from fractions import Fraction

import pytest

from services.catalog.quoting.numbers import EXACT, cents, quantity_text, text_of
from services.common.errors import InvalidArgument
from services.common.values.money import (
    amount_text,
    currency_code,
    exact,
    plain,
    split,
    whole_cents,
)


def refused(text: str, **bounds: int) -> tuple[str, str]:
    """Reason and message of a refusal."""
    with pytest.raises(InvalidArgument) as error:
        exact(text, "qty", **bounds)
    assert error.value.violations[0].field == "qty"
    return error.value.reason, error.value.violations[0].description


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (Decimal("1.5"), 2),
        (Decimal("-1.5"), -2),
        (Decimal("-2.5"), -3),
        (Decimal("1.4" + "9" * 50), 1),
        (Decimal("-1.4" + "9" * 50), -1),
        (Fraction(3, 2), 2),
        (Fraction(-3, 2), -2),
        (Fraction(149, 100), 1),
        (Fraction(-149, 100), -1),
        (Fraction(151, 100), 2),
        (Fraction(1, 3), 0),
        (Fraction(2, 3), 1),
        (Fraction(-2, 3), -1),
        (Fraction(0), 0),
        (Decimal(0), 0),
        (-7, -7),
    ],
)
def test_a_cent_is_rounded_exactly_at_its_half(amount: Fraction | Decimal, cents: int) -> None:
    assert whole_cents(amount) == cents


def test_an_amount_of_many_digits_is_rounded_once() -> None:
    assert whole_cents(Decimal(f"{10**60}.5")) == 10**60 + 1
    assert whole_cents(Decimal(f"{10**60}.4")) == 10**60


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("007", "7"),
        ("9" * 28, "9" * 28),
        ("0" * 29, "0"),
        ("0" * 40 + "1", "1"),
        ("1e27", "1" + "0" * 27),
        ("1E+2", "100"),
        ("25e-1", "2.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0.000000000001", "0.000000000001"),
        ("1.0000000000000000000000000000000000", "1"),
        ("1234567890123456.123456789012", "1234567890123456.123456789012"),
    ],
)
def test_a_number_of_just_as_many_digits_as_are_kept_is_read(text: str, number: str) -> None:
    assert plain(exact(text, "qty")) == number


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("9" * 29, "TOO_PRECISE", "has more than 28 digits"),
        ("1e28", "TOO_PRECISE", "has more than 28 digits"),
        ("12345678901234567.123456789012", "TOO_PRECISE", "has more than 28 digits"),
        ("0.0000000000001", "TOO_PRECISE", "has more than 12 digits after the point"),
        ("-1e-13", "TOO_PRECISE", "has more than 12 digits after the point"),
        ("", "NOT_A_DECIMAL", "is not a decimal number"),
        ("+1", "NOT_A_DECIMAL", "is not a decimal number"),
        ("1e100", "NOT_A_DECIMAL", "is not a decimal number"),
        ("\u00b2", "NOT_A_DECIMAL", "is not a decimal number"),
    ],
)
def test_one_digit_more_is_refused_with_the_bound(text: str, reason: str, message: str) -> None:
    assert refused(text) == (reason, message)


def test_places_are_counted_to_the_requested_one() -> None:
    assert exact("1.25", "qty", places=2) == Decimal("1.25")
    with pytest.raises(InvalidArgument, match=r"has more than 2 digits after the point"):
        exact("1.255", "qty", places=2)
    assert exact("1.2500", "qty", places=2) == Decimal("1.25")


@pytest.mark.parametrize(
    ("text", "kept"), [("1.5", "1.5"), ("1.50", "1.5"), ("0.10", "0.1"), ("20", "20")]
)
def test_a_number_is_kept_without_zeros_that_say_nothing(text: str, kept: str) -> None:
    assert str(exact(text, "qty")) == kept


def test_a_bound_is_in_range_and_its_neighbour_is_not() -> None:
    assert exact("0", "qty", minimum=0, maximum=100) == 0
    assert exact("100", "qty", minimum=0, maximum=100) == 100
    assert exact("100.000", "qty", minimum=0, maximum=100) == 100
    assert refused("-0.000000000001", minimum=0) == ("OUT_OF_RANGE", "must be at least 0")
    assert refused("100.000000000001", maximum=100) == ("OUT_OF_RANGE", "must be at most 100")
    assert refused("4", minimum=5) == ("OUT_OF_RANGE", "must be at least 5")
    assert refused("6", maximum=5) == ("OUT_OF_RANGE", "must be at most 5")
    assert exact("-7", "qty") == -7
    assert exact("7", "qty", minimum=5) == 7
    assert exact("3", "qty", maximum=5) == 3


@pytest.mark.parametrize(
    ("numerator", "denominator", "amount"),
    [
        ("0.5", 1, 1), ("-0.5", 1, -1), ("0.49", 1, 0), ("7", 1, 7),
        ("1", 2, 1), ("-1", 2, -1), ("0.98", 2, 0), ("3", 2, 2),
        ("1", 3, 0), ("2", 3, 1), ("-2", 3, -1), ("1.5", 3, 1), ("4.5", 3, 2), ("4.49", 3, 1),
        ("100", 7, 14), ("101.5", 7, 15), ("-101.5", 7, -15),
    ],
)  # fmt: skip  # a table
def test_a_line_is_rounded_half_up_over_any_denominator(
    numerator: str, denominator: int, amount: int
) -> None:
    assert cents(Decimal(numerator), denominator) == amount


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown", "fraction"),
    [
        ("1.50", 1, "1.5", ""), ("1E+2", 1, "100", ""), ("0.0", 1, "0", ""), ("12", 1, "12", ""),
        ("1", 4, "0.25", ""), ("6", 3, "2", ""), ("-3", 2, "-1.5", ""), ("0", 30, "0", ""),
        ("1", 3, "0.333333333333", "1/3"), ("2", 3, "0.666666666667", "2/3"),
        ("-1", 3, "-0.333333333333", "-1/3"), ("0.5", 3, "0.166666666667", "1/6"),
        ("10", 30, "0.333333333333", "1/3"), ("100", 3, "33.333333333333", "100/3"),
    ],
)  # fmt: skip  # a table
def test_a_quantity_without_an_equal_decimal_also_has_a_fraction(
    numerator: str, denominator: int, shown: str, fraction: str
) -> None:
    assert quantity_text(Decimal(numerator), denominator) == (shown, fraction)


@pytest.mark.parametrize(
    "text",
    ["0", "7", "100", "-7", "0.1", "-0.25", "0.0000000001", "1" * 250, f"0.{'1' * 250}"],
)
def test_the_engine_writes_a_number_as_everything_else_does(text: str) -> None:
    assert text_of(Decimal(text)) == plain(Decimal(text)) == text


@pytest.mark.parametrize(
    ("text", "written"), [("15.0", "15"), ("12.50", "12.5"), ("1E+2", "100"), ("-11E-1", "-1.1")]
)
def test_the_engine_writes_no_zero_that_says_nothing_and_no_exponent(
    text: str, written: str
) -> None:
    assert text_of(Decimal(text)) == plain(Decimal(text)) == written


@pytest.mark.parametrize("zero", ["0", "-0", "-0.0", "0E+3", "0E-9", "0.00"])
def test_the_engine_writes_nothing_as_one_zero(zero: str) -> None:
    assert text_of(Decimal(zero)) == "0"


def test_losing_a_digit_is_an_error() -> None:
    with localcontext(EXACT), pytest.raises(Inexact):
        Decimal("1" * 200) * Decimal("1" * 200)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal(100), "100"),
        (Decimal("100.0"), "100"),
        (Decimal("10.10"), "10.1"),
        (Decimal("1E+2"), "100"),
        (Decimal("1E-10"), "0.0000000001"),
        (Decimal("-0.50"), "-0.5"),
        (Decimal("-0"), "0"),
        (Decimal("0E+3"), "0"),
        (Decimal("0.0"), "0"),
        (Decimal(-10), "-10"),
        (Decimal("1." + "0" * 300), "1"),
        (Decimal("1" * 250 + "E+1"), "1" * 250 + "0"),
        (Fraction(1, 4), "0.25"),
        (Fraction(1, 5), "0.2"),
        (Fraction(1, 25), "0.04"),
        (Fraction(1, 8), "0.125"),
        (Fraction(1, 40), "0.025"),
        (Fraction(1, 50), "0.02"),
        (Fraction(-7, 20), "-0.35"),
        (Fraction(1, 10**30), f"0.{'0' * 29}1"),
        (Fraction(10**30 + 1, 10**30), f"1.{'0' * 29}1"),
        (Fraction(100), "100"),
        (Fraction(0), "0"),
        (0, "0"),
        (-20, "-20"),
    ],
)
def test_each_number_has_one_shortest_text(number: Decimal | Fraction | int, text: str) -> None:
    assert plain(number) == text


@pytest.mark.parametrize(
    "fraction", [Fraction(1, 3), Fraction(1, 6), Fraction(1, 7), Fraction(7, 30)]
)
def test_a_value_without_an_equal_decimal_is_refused_with_its_name(fraction: Fraction) -> None:
    with pytest.raises(ValueError, match=f"^{fraction} is not a decimal$"):
        plain(fraction)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (-10, [1, 1, 1], [-4, -3, -3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (7, [0, 1, 0], [0, 7, 0]),
        (1, [Fraction(1, 3), Fraction(2, 3)], [0, 1]),
        (2, [Fraction(1, 4), Fraction(3, 4)], [1, 1]),
        (100, [Decimal("0.5"), Decimal("0.25"), Decimal("0.25")], [50, 25, 25]),
        (5, [2, 1, 2, 1], [2, 1, 1, 1]),
        (0, [1, 2], [0, 0]),
        (0, [], []),
        (3, [5], [3]),
        (-3, [0, 5], [0, -3]),
    ],
)
def test_a_total_is_split_to_the_cent(
    total: int, weights: list[Fraction], shares: list[int]
) -> None:
    assert split(total, weights) == shares


def test_an_amount_that_cannot_be_split_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match=r"^nothing weighs anything$"):
        split(1, [])
    with pytest.raises(ValueError, match=r"^a weight is negative$"):
        split(0, [1, -1])


def test_an_unknown_currency_code_is_refused_with_its_field() -> None:
    assert currency_code("currency", "KWD") == "KWD"
    for code in ("", "XAU", "aud", "AUDX"):
        with pytest.raises(InvalidArgument) as error:
            currency_code("price.currency", code)
        assert error.value.violations[0].field == "price.currency"


def test_an_amount_of_many_digits_is_shown_to_its_last_cent() -> None:
    assert amount_text(10**32 + 1, "AUD") == f"1{',000' * 10}.01"
    assert amount_text(Decimal("0.4"), "AUD") == "0.004"
    assert amount_text(-5, "KWD") == "-0.005"
