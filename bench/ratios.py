"""A measured ratio, and how a bench prints it."""

from dataclasses import dataclass
from statistics import median

__all__ = ["Ratio", "paired_median"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """What was measured against what, and which bound it must hold.

    `bound` is a least value when `at_least`, else a greatest one.
    """

    name: str
    value: float
    bound: float
    at_least: bool
    detail: str

    @property
    def held(self) -> bool:
        """Whether the bound holds."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def line(self) -> str:
        """One line for the report."""
        sign = "≥" if self.at_least else "≤"
        verdict = "ok" if self.held else "MISSED"
        return (
            f"{verdict:6} {self.name:44} {self.value:8.2f}  ({sign} {self.bound:g})  {self.detail}"
        )


def paired_median(pairs: list[tuple[float, float]]) -> float:
    """The median of first/second over rounds: one slow moment of the machine does not decide."""
    return median(first / second for first, second in pairs)
