"""How much a resource of a kind holds, in GB: which field says so, and in what unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

__all__ = ["MEASURES", "Measure", "sampled"]

Attrs = Mapping[str, Any]

PLACES: Final = 12
"""Digits after the point of a size: as many as a quantity may have on the wire."""

DAY: Final = len("2026-04-01")
"""Of an instant in ISO form."""

NOTABLE_SHARE: Final = 100
"""A sampled measure that changes by more than one part of so many is a sample of its own."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The attribute that says how much, and how many of its units are a GB."""

    attr: str
    per_gb: Decimal = Decimal(1)
    sampled_with: tuple[str, ...] = ()
    """Attributes of the same measurement, `measured_at` the first, where the measure changes by
    itself all the time: then it is sampled, see `sampled`."""

    @property
    def field(self) -> str:
        """The attribute as the history names it."""
        return f"attrs.{self.attr}"

    def gigabytes(self, value: str | None) -> Decimal | None:
        """The attribute's value, a JSON number as text, in GB; None for what is no number.

        With at most twelve digits after the point: a byte is 0.00000000093 GB.
        """
        try:
            amount = Decimal(value or "") / self.per_gb
            if amount.is_finite() and amount != round(amount, PLACES):
                amount = round(amount, PLACES)
        except InvalidOperation:
            return None
        return amount if amount.is_finite() and amount >= 0 else None


MEASURES: Final[Mapping[str, Measure]] = {
    # The provider counts in powers of two throughout, and sells them as GB.
    "database": Measure("storage_size_mib", per_gb=Decimal(1024)),
    "image": Measure("size_gigabytes"),
    "snapshot": Measure("size_gigabytes"),
    "spaces_bucket": Measure(
        "size_bytes", per_gb=Decimal(2**30), sampled_with=("measured_at", "object_count")
    ),
    "volume": Measure("size_gigabytes"),
}
"""By kind; a kind that is not here has no such measure."""


def sampled(kind: str, known: Attrs, sighted: Attrs) -> Attrs:
    """The attributes to keep of a sighting, where the kind's measure changes all the time.

    Of a UTC day the first measurement is kept, and each that differs from the one kept by
    more than 1 %: that is as fine as anybody bills by, and the history gets a change a day
    of a busy bucket, not one for every look at it. A measurement that says the same as the
    one kept makes it younger. What could not be measured is not here: it keeps its known
    value before it comes here.
    """
    measure = MEASURES.get(kind)
    if measure is None or not measure.sampled_with:
        return sighted
    together = (measure.attr, *measure.sampled_with)
    if not all(name in attrs for name in together for attrs in (known, sighted)):
        return sighted
    before, now = known[measure.attr], sighted[measure.attr]
    if type(before) is not int or type(now) is not int:
        return sighted
    at = measure.sampled_with[0]
    another_day = str(known[at])[:DAY] != str(sighted[at])[:DAY]
    if now == before or another_day or abs(now - before) * NOTABLE_SHARE > before:
        return sighted
    return {**sighted, **{name: known[name] for name in together}}
