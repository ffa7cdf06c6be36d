"""What the load was told: every effect that was acknowledged, by the key it was asked for with."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Ledger"]


@dataclass
class Ledger:
    """One run's requests, refusals and acknowledged effects."""

    requests: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """How often a request was not answered, or answered that it could not be done now."""
    _effects: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    _spans: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def acknowledge(self, kind: str, key: str, effect: Any, *, begun: float) -> None:
        """Writes down that a request, begun at that time, was answered with this effect."""
        self._effects[kind][key] = effect
        self._spans[kind].append((begun, time.monotonic()))

    def refuse(self, word: str) -> None:
        """Writes down a request without an effect that is known of."""
        self.refusals[word] += 1

    def effects(self, kind: str) -> Mapping[str, Any]:
        """What was acknowledged, by its key."""
        return self._effects[kind]

    @property
    def acknowledged(self) -> int:
        """How many effects were acknowledged."""
        return sum(map(len, self._effects.values()))

    def recovered(self, kind: str, since: float) -> float | None:
        """Seconds until the first acknowledged request of a kind that was begun after `since`.

        None while there is none yet.
        """
        spans = reversed(self._spans[kind])
        ends = [end for begun, end in spans if begun >= since]
        return min(ends) - since if ends else None
