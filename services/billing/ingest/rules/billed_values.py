"""Parses the values of a bill's columns exactly: amounts, hours, times.

Numbers keep all their digits. Ambiguous values are rejected with a reason: exponents, NaN, times
without an offset, separators that are not thousands separators.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

__all__ = ["BadValue", "read_amount", "read_hours", "read_instant"]

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199

REMEMBERED: Final = 1 << 16
"""Cache size; a bill repeats values such as the ends of the month and prices."""

MAX_REMEMBERED_LENGTH: Final = 100
"""Maximum characters of cached values, which bounds the cache's memory."""

MAX_NUMBER_LENGTH: Final = 16_000
"""Maximum characters of a number: PostgreSQL's NUMERIC stores 16,383 decimal places."""

MAX_INSTANT_LENGTH: Final = 100
"""Characters."""

_DIGITS: Final = r"(?P<digits>(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)"
_AMOUNT: Final = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+]?)\$?(?P<late_sign>-?){_DIGITS}(?P<close>\))?", re.ASCII
)
_HOURS: Final = re.compile(rf"(?P<sign>-?){_DIGITS}", re.ASCII)
_INSTANT: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?P<fraction>\.[0-9]{1,9})?"
    r" ?(?:(?P<utc>[Zz]|UTC)|(?P<offset>[+-][0-9]{2}:?[0-9]{2})(?: UTC)?)",
    re.ASCII,
)


class BadValue(ValueError):
    """A value is invalid for its column; the text has the reason without the value."""


def read_amount(text: str) -> Decimal:
    """An amount in USD: `$3.11`, `-$1.00`, `($1.00)`, `$1,234.56`, with or without the `$`.

    Raises BadValue.
    """
    return _short_amount(text) if len(text) <= MAX_REMEMBERED_LENGTH else _amount(text)


def read_hours(text: str) -> Decimal | None:
    """Billed hours; None if the bill has none. Raises BadValue."""
    return _short_hours(text) if len(text) <= MAX_REMEMBERED_LENGTH else _hours(text)


def _amount(text: str) -> Decimal:
    _refuse_long(text, MAX_NUMBER_LENGTH)
    found = _AMOUNT.fullmatch(text.strip(" "))
    if found is None:
        raise BadValue("is blank" if not text.strip() else "is not an amount such as $1,234.56")
    opened, signs = found["open"] is not None, found["sign"] + found["late_sign"]
    if opened != (found["close"] is not None) or len(signs) > 1 or (opened and signs):
        raise BadValue("has mismatched brackets or signs")
    amount = _exact(found["digits"])
    return amount.copy_negate() if amount and (opened or signs == "-") else amount


def _hours(text: str) -> Decimal | None:
    _refuse_long(text, MAX_NUMBER_LENGTH)
    if not text.strip(" "):
        return None
    found = _HOURS.fullmatch(text.strip(" "))
    if found is None:
        raise BadValue("is not a number of hours")
    hours = _exact(found["digits"])
    return hours.copy_negate() if hours and found["sign"] else hours


_short_amount: Final = lru_cache(REMEMBERED)(_amount)
_short_hours: Final = lru_cache(REMEMBERED)(_hours)


@lru_cache(REMEMBERED)
def read_instant(text: str) -> datetime | None:
    """`2020-07-01 00:00:00 +0000`, with or without ` UTC` after it, or ISO 8601 with an offset.

    In UTC; None if the bill has none. Digits beyond microseconds are truncated. Raises BadValue.
    """
    _refuse_long(text, MAX_INSTANT_LENGTH)
    if not text.strip(" "):
        return None
    found = _INSTANT.fullmatch(text.strip(" "))
    if found is None:
        raise BadValue("is not an instant such as 2020-07-01 00:00:00 +0000")
    fraction = (found["fraction"] or "")[:7]
    offset = found["offset"] or "+00:00"
    try:
        instant = datetime.fromisoformat(f"{found['day']}T{found['time']}{fraction}{offset}")
        instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue("is not a valid date and time") from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise BadValue(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return instant


def _refuse_long(text: str, most: int) -> None:
    if len(text) > most:
        raise BadValue(f"is longer than {most} characters")


def _exact(digits: str) -> Decimal:
    whole, _, places = digits.replace(",", "").partition(".")
    return Decimal(f"{whole}.{places}")
