"""Limits the entries of writes that changed nothing, so that a flood does not fill the disk.

Such writes are refused ones, repeated ones, and those without a difference.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["REFUSALS_A_MINUTE", "RefusalBudget"]

REFUSALS_A_MINUTE: Final = 60
"""Maximum entries of such writes of one caller; further ones are counted in the caller's next
entry."""

CALLERS_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Refusals:
    """The counts of one caller."""

    minute: int
    recorded: int = 0
    uncounted: int = 0


class RefusalBudget:
    """Counts such writes of each caller, in memory."""

    def __init__(self) -> None:
        self._callers: OrderedDict[tuple[str, str], _Refusals] = OrderedDict()

    def take(self, caller: tuple[str, str], seconds: float) -> bool:
        """Whether a write gets an entry.

        `seconds` is the time of a monotonic clock.
        """
        known = self._known(caller, seconds)
        if known.recorded >= REFUSALS_A_MINUTE:
            return False
        known.recorded += 1
        return True

    def count(self, caller: tuple[str, str], seconds: float, writes: int = 1) -> None:
        """Counts writes without an entry."""
        self._known(caller, seconds).uncounted += writes

    def take_uncounted(self, caller: tuple[str, str]) -> int:
        """The number of writes without an entry since the last call, for the next entry."""
        known = self._callers.get(caller)
        if known is None:
            return 0
        uncounted, known.uncounted = known.uncounted, 0
        return uncounted

    def _known(self, caller: tuple[str, str], seconds: float) -> _Refusals:
        minute = int(seconds // 60)
        known = self._callers.setdefault(caller, _Refusals(minute))
        self._callers.move_to_end(caller)
        if len(self._callers) > CALLERS_REMEMBERED:
            self._callers.popitem(last=False)
        if known.minute != minute:
            known.minute, known.recorded = minute, 0
        return known
