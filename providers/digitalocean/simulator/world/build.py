"""The world under construction: rows, project assignments and lifespans."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.state import Document, Row

__all__ = ["FIRST_DAY", "Assignment", "Ids", "Place", "World"]

_NAMESPACE = uuid.UUID("6f1d1c1e-6f0a-4c4e-9a8e-0b6d1f1b7a11")


@dataclass
class Ids:
    """A seeded source of ids. Names give UUIDs, so adding an object does not change others' ids."""

    seed: int
    _numbers: dict[str, int] = field(default_factory=dict)

    def uuid(self, *names: object) -> str:
        """The UUID for these names."""
        return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, (self.seed, *names)))))

    def chance(self, *names: object) -> random.Random:
        """A random source for these names."""
        return random.Random("/".join(map(str, (self.seed, *names))))

    def number(self, series: str, first: int) -> int:
        """The next integer id of a series, with irregular gaps like the API's."""
        last = self._numbers.get(series, first)
        number = last + self.chance(series, last).randint(1, 40)
        self._numbers[series] = number
        return number

    def secret(self, *names: object) -> str:
        """A secret in a realistic form."""
        letters = "abcdefghijkmnpqrstuvwxyz0123456789"
        return "AVNS_" + "".join(self.chance("secret", *names).choices(letters, k=18))


FIRST_DAY = datetime(2024, 1, 9, 9, 0, tzinfo=UTC)
"""When the account was created."""


@dataclass(frozen=True)
class Assignment:
    """A resource's place in a project."""

    urn: str
    project_id: str
    assigned_at: str


class Placed(Protocol):
    """What bills name of a resource; a plan has it, and others are at a `Place`."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def project(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """The name, the region and the project of a resource without a plan of its own."""

    name: str
    region: str
    project: str


@dataclass
class World:
    """The generated world, before it is stored in one transaction."""

    ids: Ids
    now: datetime
    rows: list[Row] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    lifespans: list[Lifespan] = field(default_factory=list)

    def add(self, kind: str, identifier: str, document: Document, *, bucket: str = "") -> None:
        """Adds an object; its name is in the document."""
        name = str(document.get("name", identifier))
        self.rows.append(Row(kind, bucket, identifier, name, orjson.dumps(document)))

    def assign(self, urn: str, project: str, at: datetime) -> None:
        """Assigns a resource to a project, by name."""
        self.assignments.append(Assignment(urn, self.project_id(project), render_instant(at)))

    def project_id(self, name: str) -> str:
        """The id of the project of that name."""
        return self.ids.uuid("project", name)

    def bill(
        self, kind: str, identifier: str, place: Placed, started_at: datetime, **more: Any
    ) -> None:
        """Records a lifespan for the bills, which have the id as the UUID if it is one."""
        is_uuid = len(identifier) == 36
        uuid = identifier if is_uuid else self.ids.uuid("resource", kind, identifier)
        where = (place.name, place.region, place.project)
        self.lifespans.append(Lifespan(kind, identifier, uuid, *where, started_at, **more))

    def begin(
        self, kind: str, name: str, *, earliest: float = 0.0, latest: float = 0.9
    ) -> tuple[str, datetime]:
        """The UUID of an object, and its creation time; as `instant`."""
        created = self.instant(kind, name, earliest=earliest, latest=latest)
        return self.ids.uuid(kind, name), created

    def instant(self, *names: object, earliest: float = 0.0, latest: float = 0.9) -> datetime:
        """An instant within a range of the account's age, the same for the same names.

        In whole days of that age, so that a world created later on the same day is the same.
        """
        life = timedelta(days=max(30, (self.now - FIRST_DAY).days - 1))
        chance = self.ids.chance("instant", *names)
        share = earliest + (latest - earliest) * chance.random()
        moment = FIRST_DAY + life * share
        return moment.replace(
            hour=chance.randrange(24),
            minute=chance.randrange(60),
            second=chance.randrange(60),
            microsecond=0,
        )
