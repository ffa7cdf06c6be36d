"""How many refused writes of a caller get an entry: a flood of them fills no disk."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["REFUSALS_A_MINUTE", "RefusalBudget"]

REFUSALS_A_MINUTE: Final = 60
"""Entries of refused writes of one caller; further ones are counted in the caller's next entry."""

CALLERS_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Refusals:
    """Of one caller."""

    minute: int
    recorded: int = 0
    uncounted: int = 0


class RefusalBudget:
    """Counts the refusals of each caller in the life of a process."""

    def __init__(self) -> None:
        self._callers: OrderedDict[tuple[str, str], _Refusals] = OrderedDict()

    def take(self, caller: tuple[str, str], seconds: float) -> int | None:
        """How many refusals before this one have no entry; None when this one gets none either.

        `seconds` is the time of a clock that never goes back.
        """
        known = self._known(caller, seconds)
        if known.recorded >= REFUSALS_A_MINUTE:
            known.uncounted += 1
            return None
        known.recorded += 1
        uncounted, known.uncounted = known.uncounted, 0
        return uncounted

    def count(self, caller: tuple[str, str], seconds: float) -> None:
        """Counts a refusal that gets no entry: the caller asks too much."""
        self._known(caller, seconds).uncounted += 1

    def _known(self, caller: tuple[str, str], seconds: float) -> _Refusals:
        minute = int(seconds // 60)
        known = self._callers.setdefault(caller, _Refusals(minute))
        self._callers.move_to_end(caller)
        if len(self._callers) > CALLERS_REMEMBERED:
            self._callers.popitem(last=False)
        if known.minute != minute:
            known.minute, known.recorded = minute, 0
        return known
