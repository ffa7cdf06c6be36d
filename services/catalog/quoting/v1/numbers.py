"""Exact numbers of the engine: decimals over whole denominators, rounded once at the end.

Decimals are exact here because every sum and product is made in `EXACT`, which raises where
a digit would be lost. What is no decimal (a part of a month) stays a numerator over a whole
denominator until it is rounded to the cent.
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

__all__ = ["EXACT", "NOUGHT", "amount_text", "cents", "fraction", "text_of"]

EXACT: Final = Context(prec=250, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Enough digits for any product of numbers that callers may send, and an error beyond."""

NOUGHT: Final = Decimal(0)

SHOWN_PLACES: Final = 12
"""Of a quantity that no decimal is equal to; its amount is computed from the exact one."""


def cents(numerator: Decimal, denominator: int) -> int:
    """An exact amount as whole cents, half up: the one rounding of a line."""
    try:
        return int(EXACT.divide(numerator, denominator).to_integral_value(ROUND_HALF_UP))
    except Inexact:
        return whole_cents(fraction(numerator, denominator))


def fraction(numerator: Decimal, denominator: int) -> Fraction:
    """The same number, whether or not a decimal is equal to it."""
    over, under = numerator.as_integer_ratio()
    return Fraction(over, under * denominator)


def text_of(value: Decimal) -> str:
    """As `money.plain` writes it, in less time; the value has at most the digits of EXACT."""
    text = str(value)
    if text.isdecimal():
        return text
    return format(value.normalize(EXACT), "f") if value else "0"


def amount_text(numerator: Decimal, denominator: int) -> tuple[str, str]:
    """A quantity as text, and as a fraction too where no decimal is equal to it."""
    try:
        return text_of(EXACT.divide(numerator, denominator)), ""
    except Inexact:  # a third of an hour
        exact = fraction(numerator, denominator)
        shown = Fraction(whole_cents(exact * 10**SHOWN_PLACES), 10**SHOWN_PLACES)
        return plain(shown), str(exact)
