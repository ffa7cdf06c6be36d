"""A measured ratio, and its printed form."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

__all__ = ["Ratio", "at_least", "at_most", "p99", "paired_median", "seconds_of"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A measurement relative to another, with the bound it must hold.

    `bound` is a minimum if `at_least`, else a maximum.
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


def at_least(name: str, value: float, bound: float, detail: str) -> Ratio:
    """A ratio that must reach the bound."""
    return Ratio(name, value, bound, at_least=True, detail=detail)


def at_most(name: str, value: float, bound: float, detail: str) -> Ratio:
    """A ratio that must not exceed the bound."""
    return Ratio(name, value, bound, at_least=False, detail=detail)


def seconds_of(work: Callable[[], object]) -> float:
    """The wall-clock seconds of a piece of work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def p99(times: Iterable[float]) -> float:
    """The 99th percentile."""
    ordered = sorted(times)
    return ordered[int(len(ordered) * 0.99)]


def paired_median(pairs: list[tuple[float, float]]) -> float:
    """The median of first/second over rounds, so that one slow moment does not decide."""
    return median(first / second for first, second in pairs)
