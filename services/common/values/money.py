"""Exact money: parsing, rounding to minor units, and splitting into shares.

No floats. Stored and charged amounts are whole cents; quantities, unit prices, rates and the
provider's costs are exact decimals. "Cents" are minor units of the currency by ISO 4217: a
hundredth of a dollar, a whole yen, a thousandth of a dinar.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

from iso4217 import Currency

from services.common.errors import InvalidArgument
from services.common.rpc.fields import required

__all__ = [
    "MAX_QUANTITY",
    "amount_text",
    "converted",
    "currency_code",
    "dollars",
    "exact",
    "in_minor_units",
    "minor_unit_places",
    "money_text",
    "plain",
    "split",
    "whole_cents",
]

Exact = Fraction | Decimal | int

MAX_DIGITS: Final = 28
"""Maximum significant digits of a number from a caller."""

MAX_PLACES: Final = 12
"""Maximum decimal places."""

MAX_QUANTITY: Final = 10**15
"""Maximum quantity of a meter in its units: of an event, a figure and a month."""

_PLACES: Final[Mapping[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
"""Decimal places of minor units.

ISO 4217 codes without one, such as gold and test codes, cannot be used.
"""

_PLACES_OF_UNKNOWN: Final = 2
"""Decimal places for amounts stored under unknown codes by older releases."""

_WHOLE: Final = Decimal(1)
_WIDE: Final = Context(prec=200)
"""More digits than any amount, so only explicit rounding happens."""

_NUMBER: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


def whole_cents(amount: Exact) -> int:
    """Rounds an exact amount in cents to whole cents, half up.

    A half rounds away from zero, so that a credit equals its charge.
    """
    if isinstance(amount, Decimal):
        return int(amount.quantize(_WHOLE, ROUND_HALF_UP, _WIDE))
    exact_amount = Fraction(amount)
    cents, rest = divmod(abs(exact_amount.numerator), exact_amount.denominator)
    if 2 * rest >= exact_amount.denominator:
        cents += 1
    return cents if exact_amount >= 0 else -cents


def currency_code(field: str, code: str) -> str:
    """An ISO 4217 currency code with a minor unit. Raises InvalidArgument."""
    if required(field, code) not in _PLACES:
        raise InvalidArgument(
            field, f"{code!r} is not an ISO 4217 currency such as AUD", reason="UNKNOWN_CURRENCY"
        )
    return code


def minor_unit_places(currency: str) -> int:
    """The decimal places of a currency: 2 for AUD, 0 for JPY, 3 for KWD."""
    return _PLACES.get(currency, _PLACES_OF_UNKNOWN)


def in_minor_units(amount: Exact, currency: str) -> Fraction:
    """Converts major units (dollars, yen) to exact minor units of the currency."""
    return Fraction(amount) * _power_of_ten(minor_unit_places(currency))


def converted(minor_units: Exact, source: str, target: str, rate: Exact) -> Fraction:
    """Converts minor units of one currency to exact minor units of another.

    `rate` is for major units: the number of `target` units per `source` unit.
    """
    shift = minor_unit_places(target) - minor_unit_places(source)
    return Fraction(minor_units) * Fraction(rate) * _power_of_ten(shift)


def amount_text(minor_units: Decimal | int, currency: str, *, minus: str = "-") -> str:
    """Formats an amount, such as `1,234.50`; `1,935` in a currency without decimal places.

    A unit price below the minor unit keeps its decimal places: 0.4 cents give `0.004`.
    """
    places = minor_unit_places(currency)
    units = Decimal(minor_units).copy_abs().scaleb(-places, _WIDE)
    whole, _, rest = plain(units).partition(".")
    rest = rest.ljust(places, "0")
    return f"{minus if minor_units < 0 else ''}{int(whole):,}{'.' if rest else ''}{rest}"


def money_text(minor_units: Decimal | int, currency: str) -> str:
    """Formats an amount with its currency, such as `AUD 1,234.50`."""
    return f"{currency} {amount_text(minor_units, currency)}"


def dollars(amount_usd: str) -> str:
    """Formats an exact amount: `442.4` as `442.40`; further digits are kept."""
    whole, _, places = amount_usd.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def exact(
    text: str,
    field: str,
    *,
    minimum: Decimal | int | None = None,
    maximum: Decimal | int | None = None,
    places: int = MAX_PLACES,
) -> Decimal:
    """Parses a caller's exact decimal: never rounded or clamped.

    Raises InvalidArgument, with the field, for a text that is not a finite decimal, has over 28
    significant digits or more than `places` decimal places, or is out of range.
    """
    number = Decimal(text) if _is_short(text, places) else _written(text, field, places)
    if minimum is not None and number < minimum:
        raise InvalidArgument(field, f"must be at least {minimum}", reason="OUT_OF_RANGE")
    if maximum is not None and number > maximum:
        raise InvalidArgument(field, f"must be at most {maximum}", reason="OUT_OF_RANGE")
    return number


def plain(value: Exact) -> str:
    """A number as text without exponent and insignificant zeros (`744`, `0.4`, `-1.5`).

    Equal numbers give equal texts. Raises ValueError for a fraction that is not a finite decimal.
    """
    if isinstance(value, Fraction):
        value = _decimal_of(value)
    text = str(value)
    if "E" in text or text.startswith("-0"):
        return format(_shortest(Decimal(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def split(total: int, weights: Sequence[Exact]) -> list[int]:
    """Splits an integer total in proportion to weights, with largest remainders.

    The shares add up to the total, also for a negative one; each is within one of its exact share.
    Among equal remainders, the earlier wins. Raises ValueError for a negative weight, and for
    all-zero weights with a nonzero total.
    """
    exact_weights = [Fraction(weight) for weight in weights]
    if any(weight < 0 for weight in exact_weights):
        raise ValueError("a weight is negative")
    whole = sum(exact_weights, Fraction(0))
    if not whole:
        if total:
            raise ValueError("nothing weighs anything")
        return [0] * len(exact_weights)
    shares = [abs(total) * weight / whole for weight in exact_weights]
    floors = [share.numerator // share.denominator for share in shares]
    order = sorted(range(len(shares)), key=lambda index: floors[index] - shares[index])
    for index in order[: abs(total) - sum(floors)]:
        floors[index] += 1
    return floors if total >= 0 else [-share for share in floors]


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10) ** exponent


def _is_short(text: str, places: int) -> bool:
    """Whether it is a number in its shortest form within the allowed digits (fast path)."""
    if len(text) > MAX_DIGITS or not text.isascii():
        return False
    whole, point, rest = text.partition(".")
    if not point:
        return whole.isdecimal()
    return whole.isdecimal() and rest.isdecimal() and rest[-1] != "0" and len(rest) <= places


def _written(text: str, field: str, places: int) -> Decimal:
    """A number in any form within the allowed digits."""
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument(field, "is not a decimal number", reason="NOT_A_DECIMAL")
    number = _shortest(Decimal(text))
    _, digits, exponent = number.as_tuple()
    if len(digits) + max(0, int(exponent)) > MAX_DIGITS:
        raise InvalidArgument(field, f"has more than {MAX_DIGITS} digits", reason="TOO_PRECISE")
    if -int(exponent) > places:
        raise InvalidArgument(
            field, f"has more than {places} digits after the point", reason="TOO_PRECISE"
        )
    return number


def _shortest(number: Decimal) -> Decimal:
    """The number without trailing zeros and without negative zero."""
    digits = len(number.as_tuple().digits)
    context = _WIDE if digits <= _WIDE.prec else Context(prec=digits)
    return number.normalize(context) if number else Decimal(0)


def _decimal_of(fraction: Fraction) -> Decimal:
    """The decimal that equals a fraction. Raises ValueError if it is not finite."""
    rest, twos, fives = fraction.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        raise ValueError(f"{fraction} is not a decimal")
    places = max(twos, fives)
    digits = fraction.numerator * 10**places // fraction.denominator
    return Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -places))
