"""Identifiers and chances that come out the same for the same seed and purpose."""

import random
import uuid
from dataclasses import dataclass, field

__all__ = ["Ids"]

_NAMESPACE = uuid.UUID("6f1d1c1e-6f0a-4c4e-9a8e-0b6d1f1b7a11")


@dataclass
class Ids:
    """One seeded source. Names give UUIDs, so adding an object moves no other's id."""

    seed: int
    _numbers: dict[str, int] = field(default_factory=dict)

    def uuid(self, *names: object) -> str:
        """The UUID of whatever the names name."""
        return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, (self.seed, *names)))))

    def chance(self, *names: object) -> random.Random:
        """A source of chance for whatever the names name."""
        return random.Random("/".join(map(str, (self.seed, *names))))

    def number(self, series: str, first: int) -> int:
        """The next integer id of a series; gaps are irregular, as the API's are."""
        last = self._numbers.get(series, first)
        number = last + self.chance(series, last).randint(1, 40)
        self._numbers[series] = number
        return number

    def secret(self, *names: object) -> str:
        """A secret in a realistic form."""
        letters = "abcdefghijkmnpqrstuvwxyz0123456789"
        return "AVNS_" + "".join(self.chance("secret", *names).choices(letters, k=18))
