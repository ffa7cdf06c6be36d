"""The acknowledged effects of the load, by idempotency key."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Ledger"]


@dataclass(frozen=True, slots=True)
class _Answer:
    """When a request was sent first, sent last, and acknowledged."""

    asked: float
    sent: float
    acknowledged: float


@dataclass
class Ledger:
    """One run's requests, refusals and acknowledged effects."""

    requests: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """How often a request was not answered, or answered that it could not be done now."""
    _effects: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    _answers: dict[str, list[_Answer]] = field(default_factory=lambda: defaultdict(list))

    def acknowledge(self, kind: str, key: str, effect: Any, *, asked: float, sent: float) -> None:
        """Writes down the effect with which a request was answered now.

        `asked`: when it was sent first; `sent`: when it was sent for the last time.
        """
        self._effects[kind][key] = effect
        self._answers[kind].append(_Answer(asked, sent, time.monotonic()))

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

    def answers_again(self, kind: str, since: float) -> bool:
        """Whether a request of a kind that was sent after `since` was acknowledged."""
        return any(answer.sent >= since for answer in reversed(self._answers[kind]))

    def waited(self, kind: str, since: float, until: float) -> float:
        """The longest wait, in seconds, of a request of a kind that a fault met.

        Counted from when it was sent first, or from the fault's beginning when that is later,
        until it was acknowledged, however often it was sent.
        """
        met = (
            answer.acknowledged - max(answer.asked, since)
            for answer in self._answers[kind]
            if answer.asked <= until and answer.acknowledged >= since
        )
        return max(met, default=0.0)
