"""Formats amounts, quantities and days on a document."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from services.common.values.money import amount_text

__all__ = ["amount_in_words", "day_text", "days_text", "grouped", "quantity_text"]

MINUS: Final = "\N{MINUS SIGN}"


def amount_in_words(cents: Decimal | int, currency: str) -> str:
    """An amount such as `1,234.50`; a negative one gets a minus sign (U+2212)."""
    return amount_text(cents, currency, minus=MINUS)


def grouped(number: str) -> str:
    """A decimal with thousands separators; any other text is returned unchanged."""
    sign = MINUS if number.startswith("-") else ""
    whole, point, places = number.lstrip("-").partition(".")
    if not (whole.isascii() and whole.isdecimal()):
        return number
    return f"{sign}{int(whole):,}{point}{places}"


def quantity_text(qty: Decimal) -> str:
    """A measured quantity rounded to three places, with thousands separators."""
    return grouped(f"{qty.quantize(Decimal('0.001')):f}".rstrip("0").rstrip("."))


def day_text(day: date | None) -> str:
    """A day such as `1 April 2026`; empty for None."""
    return f"{day.day} {day:%B %Y}" if day else ""


def days_text(start: date, end: date) -> str:
    """A half-open range of days, such as `1 to 30 April 2026`."""
    last = end - timedelta(days=1)
    if start == last:
        return day_text(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} to {day_text(last)}"
    return f"{day_text(start)} to {day_text(last)}"
