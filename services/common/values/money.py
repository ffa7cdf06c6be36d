"""Money without loss: exact numbers from the wire, one rounding to the cent, shares that add up.

Nothing here knows a float. Amounts that are kept or charged are whole cents; what leads to
them (quantities, unit prices, rates, the provider's costs) is exact. "Cents" are minor units
of the currency by ISO 4217: a hundredth of a dollar, a whole yen, a thousandth of a dinar.
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
"""Significant digits of a number that is taken from a caller."""

MAX_PLACES: Final = 12
"""Digits after its point."""

MAX_QUANTITY: Final = 10**15
"""Of a meter, in its units: of one event, of one figure, and of a whole month."""

_PLACES: Final[Mapping[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
"""Decimal places of the minor unit. ISO 4217 lists gold, test codes and the like without one:
nothing is priced in them."""

_PLACES_OF_UNKNOWN: Final = 2
"""For amounts that were kept under a code before it was checked: shown as they always were."""

_WHOLE: Final = Decimal(1)
_WIDE: Final = Context(prec=200)
"""Wider than any amount: only the one rounding that is asked for happens."""

_NUMBER: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


def whole_cents(amount: Exact) -> int:
    """An exact amount in cents as whole cents, half up.

    A half goes away from zero, so that a credit is to the cent what the charge was.
    """
    if isinstance(amount, Decimal):
        return int(amount.quantize(_WHOLE, ROUND_HALF_UP, _WIDE))
    exact_amount = Fraction(amount)
    cents, rest = divmod(abs(exact_amount.numerator), exact_amount.denominator)
    if 2 * rest >= exact_amount.denominator:
        cents += 1
    return cents if exact_amount >= 0 else -cents


def currency_code(field: str, code: str) -> str:
    """The ISO 4217 code of a currency that has a minor unit, else InvalidArgument."""
    if required(field, code) not in _PLACES:
        raise InvalidArgument(
            field, f"{code!r} is not an ISO 4217 currency such as AUD", reason="UNKNOWN_CURRENCY"
        )
    return code


def minor_unit_places(currency: str) -> int:
    """How many decimal places a currency has: 2 for AUD, none for JPY, 3 for KWD."""
    return _PLACES.get(currency, _PLACES_OF_UNKNOWN)


def in_minor_units(amount: Exact, currency: str) -> Fraction:
    """An amount of whole units (dollars, yen) in exact minor units of the currency."""
    return Fraction(amount) * _power_of_ten(minor_unit_places(currency))


def converted(minor_units: Exact, source: str, target: str, rate: Exact) -> Fraction:
    """Minor units of one currency in exact minor units of another.

    `rate` is of whole units, as exchange rates are: how many of `target` one of `source` is.
    """
    shift = minor_unit_places(target) - minor_unit_places(source)
    return Fraction(minor_units) * Fraction(rate) * _power_of_ten(shift)


def amount_text(minor_units: Decimal | int, currency: str, *, minus: str = "-") -> str:
    """An amount as people read it, as in `1,234.50`; `1,935` in a currency without places.

    A unit price below the minor unit keeps its further places: 0.4 cents read `0.004`.
    """
    places = minor_unit_places(currency)
    units = Decimal(minor_units).copy_abs().scaleb(-places, _WIDE)
    whole, _, rest = plain(units).partition(".")
    rest = rest.ljust(places, "0")
    return f"{minus if minor_units < 0 else ''}{int(whole):,}{'.' if rest else ''}{rest}"


def money_text(minor_units: Decimal | int, currency: str) -> str:
    """An amount with its currency, as in `AUD 1,234.50`."""
    return f"{currency} {amount_text(minor_units, currency)}"


def dollars(amount_usd: str) -> str:
    """An exact amount as people read it: `442.4` as `442.40`; further digits stay as they are."""
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
    """The exact decimal that a caller wrote, as it is kept: never rounded, never clamped.

    Raises InvalidArgument, naming the field, for what is no finite decimal, has over 28
    significant digits or more than `places` after the point, or is out of its range.
    """
    number = Decimal(text) if _is_short(text, places) else _written(text, field, places)
    if minimum is not None and number < minimum:
        raise InvalidArgument(field, f"must be at least {minimum}", reason="OUT_OF_RANGE")
    if maximum is not None and number > maximum:
        raise InvalidArgument(field, f"must be at most {maximum}", reason="OUT_OF_RANGE")
    return number


def plain(value: Exact) -> str:
    """A number as text: without exponent, without zeros that say nothing (`744`, `0.4`, `-1.5`).

    Equal numbers have equal texts. Raises ValueError for a fraction that no decimal is equal to.
    """
    if isinstance(value, Fraction):
        value = _decimal_of(value)
    text = str(value)
    if "E" in text or text.startswith("-0"):
        return format(_shortest(Decimal(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def split(total: int, weights: Sequence[Exact]) -> list[int]:
    """Whole shares of a whole total in proportion to the weights, by largest remainders.

    The shares add up to the total, also a negative one; each is within one of its exact
    share. Of equal remainders the earlier goes first. Raises ValueError for a negative weight,
    and for weights that are all zero when there is something to split.
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
    """Whether it is a number in its shortest form, within the digits that are kept: as most."""
    if len(text) > MAX_DIGITS or not text.isascii():
        return False
    whole, point, rest = text.partition(".")
    if not point:
        return whole.isdecimal()
    return whole.isdecimal() and rest.isdecimal() and rest[-1] != "0" and len(rest) <= places


def _written(text: str, field: str, places: int) -> Decimal:
    """A number in any form, within the digits that are kept."""
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
    """The same number without trailing zeros, and without a negative zero."""
    digits = len(number.as_tuple().digits)
    context = _WIDE if digits <= _WIDE.prec else Context(prec=digits)
    return number.normalize(context) if number else Decimal(0)


def _decimal_of(fraction: Fraction) -> Decimal:
    """The decimal that is equal to a fraction. Raises ValueError where there is none."""
    rest, twos, fives = fraction.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        raise ValueError(f"{fraction} is no decimal")
    places = max(twos, fives)
    digits = fraction.numerator * 10**places // fraction.denominator
    return Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -places))
