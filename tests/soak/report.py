"""The table of `make soak`: faults, recovery times, and losses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median
from typing import Final

from tests.soak.ledger import Ledger

__all__ = ["Outcome", "Report", "Tally"]

COLUMNS: Final = (
    f"{'fault':<14}{'what':<22}{'lasted':>8}{'write p50':>11}{'max':>8}{'work max':>10}"
)


@dataclass(frozen=True)
class Outcome:
    """One fault, and the longest that a request waited for its acknowledgement, in seconds."""

    group: str
    name: str
    lasted: float
    writes: Sequence[float]
    """Of each kind of write."""
    work: Mapping[str, float]
    """Of each kind of durable work: until the run's end."""

    @property
    def line(self) -> str:
        """A line of the table."""
        slowest = max(self.work, key=lambda kind: self.work[kind])
        return (
            f"{self.group:<14}{self.name:<22}{self.lasted:>7.1f}s{median(self.writes):>10.1f}s"
            f"{max(self.writes):>7.1f}s{self.work[slowest]:>9.1f}s  {slowest}"
        )


@dataclass(frozen=True)
class Tally:
    """What became of one kind of effect."""

    kind: str
    acknowledged: int
    lost: Sequence[str]
    doubled: Sequence[str]

    @property
    def line(self) -> str:
        """A line of the table."""
        return f"{self.kind:<36}{self.acknowledged:>14}{len(self.lost):>8}{len(self.doubled):>10}"


@dataclass
class Report:
    """The figures of one run."""

    outcomes: list[Outcome] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, ledger: Ledger) -> None:
        """Notes how many requests there were, and how many of them came to nothing."""
        refused = ledger.refusals.total()
        self.notes.append(
            f"requests: {ledger.requests}, of them not answered or refused: {refused}"
        )
        self.notes += [f"  {word}: {times}" for word, times in ledger.refusals.most_common()]

    def lines(self) -> Iterator[str]:
        """The table."""
        yield COLUMNS
        for _, outcomes in groupby(self.outcomes, key=lambda outcome: outcome.group):
            yield from (outcome.line for outcome in outcomes)
        yield ""
        yield f"{'effect':<36}{'acknowledged':>14}{'lost':>8}{'doubled':>10}"
        yield from (tally.line for tally in self.tallies)
        yield self._total.line
        yield ""
        yield f"faults: {len(self.outcomes)}"
        yield from self.notes

    @property
    def _total(self) -> Tally:
        return Tally(
            "all",
            sum(tally.acknowledged for tally in self.tallies),
            [key for tally in self.tallies for key in tally.lost],
            [key for tally in self.tallies for key in tally.doubled],
        )
