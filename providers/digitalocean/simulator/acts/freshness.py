"""New objects, which answer 404 by their id for a moment, as at the real API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

__all__ = ["Freshness"]


@dataclass
class Freshness:
    """Objects that are not yet readable by id. Real time; forgotten at a restart."""

    seconds: float
    now: Callable[[], float] = monotonic
    _visible_at: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, kind: str, identifier: str) -> None:
        """An object was made just now."""
        now = self.now()
        self._visible_at = {key: at for key, at in self._visible_at.items() if at > now}
        self._visible_at[kind, identifier] = now + self.seconds

    def hides(self, kind: str, identifier: str) -> bool:
        """Whether a read by id does not find the object yet."""
        at = self._visible_at.get((kind, identifier))
        return at is not None and at > self.now()
