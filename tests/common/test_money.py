"""Exact numbers in, whole cents out, and shares that add up."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from services.common.errors import InvalidArgument
from services.common.values.money import (
    amount_text,
    converted,
    currency_code,
    dollars,
    exact,
    in_minor_units,
    minor_unit_places,
    money_text,
    plain,
    split,
    whole_cents,
)

DECIMALS = st.decimals(
    min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=6
)


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Decimal("0.4999999999999999999999999999"), 0),
        (Decimal("2.5"), 3),
        (Fraction(12 * 5000, 31), 1935),
        (7, 7),
    ],
)
def test_cents_are_rounded_half_up_and_a_half_goes_away_from_zero(
    amount: Fraction | Decimal, cents: int
) -> None:
    assert whole_cents(amount) == cents


@given(st.fractions())
def test_a_credit_is_to_the_cent_what_the_charge_was(amount: Fraction) -> None:
    assert whole_cents(-amount) == -whole_cents(amount)
    assert abs(whole_cents(amount) - amount) <= Fraction(1, 2)


@given(DECIMALS)
def test_a_number_is_read_as_it_was_written(number: Decimal) -> None:
    assert exact(plain(number), "qty") == number
    assert exact(str(number), "qty") == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "NaN", "inf", "-Infinity", "1,0", "0x1", "1e400", "--1", "1_000", "\u0661", "."],
)
def test_an_inexact_number_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        exact(text, "items[0].qty")
    assert refused.value.violations[0].field == "items[0].qty"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-0.01", "OUT_OF_RANGE"),
        ("100.01", "OUT_OF_RANGE"),
        ("0.0000000000001", "TOO_PRECISE"),
        ("1e99", "TOO_PRECISE"),
        ("12345678901234567890123456789", "TOO_PRECISE"),
    ],
)
def test_a_value_out_of_its_range_is_refused_and_never_clamped(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        exact(text, "rate", minimum=0, maximum=100)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("0.400"), "0.4"),
        (Decimal("-0.0"), "0"),
        (Fraction(-3, 8), "-0.375"),
        (Fraction(744), "744"),
        (12, "12"),
    ],
)
def test_a_number_has_one_text(number: Decimal | Fraction | int, text: str) -> None:
    assert plain(number) == text


def test_a_fraction_without_an_equal_decimal_has_no_text() -> None:
    with pytest.raises(ValueError, match="1/3"):
        plain(Fraction(1, 3))


@given(st.integers(-(10**9), 10**9), st.lists(st.fractions(min_value=0), min_size=1, max_size=20))
def test_shares_add_up_and_are_within_one_of_their_exact_part(
    total: int, weights: list[Fraction]
) -> None:
    whole = sum(weights)
    if not whole:
        weights, whole = [Fraction(1)] * len(weights), Fraction(len(weights))
    shares = split(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share - total * weight / whole) < 1
        for share, weight in zip(shares, weights, strict=True)
    )


def test_of_equal_remainders_the_earlier_goes_first() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]


def test_an_amount_without_weights_cannot_be_split() -> None:
    assert split(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing weighs"):
        split(1, [0, 0])
    with pytest.raises(ValueError, match="negative"):
        split(1, [2, -1])


CURRENCIES = st.sampled_from([one.code for one in Currency if one.exponent is not None])


@given(CURRENCIES, st.integers(-(10**18), 10**18))
def test_an_amount_in_any_iso_currency_is_read_back_from_what_is_shown(
    currency: str, minor_units: int
) -> None:
    shown = amount_text(minor_units, currency)
    assert len(shown.partition(".")[2]) == minor_unit_places(currency)
    assert in_minor_units(Decimal(shown.replace(",", "")), currency) == minor_units
    assert money_text(minor_units, currency) == f"{currency} {shown}"


@given(CURRENCIES, DECIMALS)
def test_a_unit_price_is_shown_with_all_its_places(currency: str, price: Decimal) -> None:
    shown = amount_text(price, currency)
    assert in_minor_units(Decimal(shown.replace(",", "")), currency) == Fraction(price)
    assert len(shown.partition(".")[2]) >= minor_unit_places(currency)


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        (1935, "JPY", "JPY 1,935"),
        (-1935, "JPY", "JPY -1,935"),
        (123_450, "AUD", "AUD 1,234.50"),
        (-5, "AUD", "AUD -0.05"),
        (1_234_567, "KWD", "KWD 1,234.567"),
        (Decimal("0.4"), "AUD", "AUD 0.004"),
        (Decimal("0.4"), "JPY", "JPY 0.4"),
        (Decimal(2500), "AUD", "AUD 25.00"),
        # Kept before codes were checked: it stays readable, as it was shown before.
        (1935, "ABC", "ABC 19.35"),
    ],
)
def test_an_amount_is_shown_with_the_places_of_its_currency(
    minor_units: int | Decimal, currency: str, text: str
) -> None:
    assert money_text(minor_units, currency) == text


@given(CURRENCIES)
def test_every_currency_of_iso_4217_with_a_minor_unit_is_taken(currency: str) -> None:
    assert currency_code("currency", currency) == currency


@pytest.mark.parametrize("code", ["aud", "AU", "AUDX", "ABC", "XAU", "XXX", "AUD ", "ＡＵＤ"])
def test_an_unknown_currency_is_refused_by_the_name_of_its_field(code: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        currency_code("prices[2].currency", code)
    assert refused.value.violations[0].field == "prices[2].currency"
    assert refused.value.reason == "UNKNOWN_CURRENCY"


def test_a_rate_of_whole_units_brings_minor_units_to_those_of_the_other_currency() -> None:
    assert converted(100_00, "USD", "JPY", Decimal("151.5")) == 15_150
    assert converted(15_150, "JPY", "USD", Fraction(2, 303)) == 100_00
    assert converted(1_00, "AUD", "KWD", Decimal("0.2")) == 200
    assert converted(1, "JPY", "JPY", 1) == 1


@given(CURRENCIES, CURRENCIES, st.integers(-(10**15), 10**15), st.fractions(min_value="0.0001"))
def test_a_conversion_there_and_back_loses_nothing(
    source: str, target: str, minor_units: int, rate: Fraction
) -> None:
    there = converted(minor_units, source, target, rate)
    assert converted(there, target, source, 1 / rate) == minor_units


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("442.4", "442.40"),
        ("442.40", "442.40"),
        ("386412347", "386412347.00"),
        ("-1", "-1.00"),
        ("0", "0.00"),
        ("0.0074404761904762", "0.0074404761904762"),
    ],
)
def test_dollars_have_their_cents_and_lose_no_digit(amount: str, shown: str) -> None:
    assert dollars(amount) == shown
