"""The engine's exact arithmetic: decimals over integer denominators, rounded once at the end.

Every sum and product is computed in `EXACT`, which raises if a digit would be lost. A quantity that
is not a finite decimal (a part of a month) remains a numerator over an integer denominator until
its line is rounded to the cent.
"""

from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction
from typing import Final

from services.common.values.money import plain, whole_cents

__all__ = ["EXACT", "ZERO", "cents", "quantity_text", "text_of"]

EXACT: Final = Context(prec=250, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Enough digits for any product of valid inputs; beyond it, an error."""

ZERO: Final = Decimal(0)

SHOWN_PLACES: Final = 12
"""Decimal places of a quantity that is not a finite decimal."""


def cents(numerator: Decimal, denominator: int) -> int:
    """Rounds an exact amount to whole cents, half up: the only rounding of a line."""
    if denominator == 1:
        return int(numerator.to_integral_value(ROUND_HALF_UP))
    try:
        return int(EXACT.divide(numerator, denominator).to_integral_value(ROUND_HALF_UP))
    except Inexact:
        return whole_cents(_fraction(numerator, denominator))


def text_of(value: Decimal) -> str:
    """The same text as `money.plain`, computed faster. Raises Inexact beyond EXACT's digits."""
    text = str(value)
    is_plain = text.isdecimal() or (text[-1] in "123456789" and "E" not in text)
    if is_plain and len(text) <= EXACT.prec:
        return text
    return format(value.normalize(EXACT), "f") if value else "0"


def quantity_text(numerator: Decimal, denominator: int) -> tuple[str, str]:
    """A quantity as text, with a fraction too if it is not a finite decimal."""
    if denominator == 1:
        return text_of(numerator), ""
    try:
        return text_of(EXACT.divide(numerator, denominator)), ""
    except Inexact:  # a third of an hour
        exact = _fraction(numerator, denominator)
        shown = Fraction(whole_cents(exact * 10**SHOWN_PLACES), 10**SHOWN_PLACES)
        return plain(shown), str(exact)


def _fraction(numerator: Decimal, denominator: int) -> Fraction:
    over, under = numerator.as_integer_ratio()
    return Fraction(over, under * denominator)
