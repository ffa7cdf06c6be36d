"""How much a resource of a kind holds, in GB: which field says so, and in what unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["MEASURES", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """The attribute that says how much, and how many of its units are a GB."""

    attr: str
    per_gb: Decimal = Decimal(1)

    @property
    def field(self) -> str:
        """The attribute as the history names it."""
        return f"attrs.{self.attr}"

    def gigabytes(self, value: str | None) -> Decimal | None:
        """The attribute's value, a JSON number as text, in GB; None for what is no number."""
        try:
            amount = Decimal(value or "") / self.per_gb
        except InvalidOperation:
            return None
        return amount if amount.is_finite() and amount >= 0 else None


MEASURES: Final[Mapping[str, Measure]] = {
    # The provider counts in powers of two throughout, and sells them as GB.
    "database": Measure("storage_size_mib", per_gb=Decimal(1024)),
    "image": Measure("size_gigabytes"),
    "snapshot": Measure("size_gigabytes"),
    "volume": Measure("size_gigabytes"),
}
"""By kind; a kind that is not here has no such measure."""
