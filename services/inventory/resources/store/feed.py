"""Reading the history as a stream: by its own order, up to where it is settled.

The migration 0007 says what the horizon is, and why it is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, bindparam, select, text

from services.common.db.single_statements import Compiled, SingleRead, compiled
from services.common.identity.callers import Scope
from services.inventory.resources.rules.recording import ResourceEvent
from services.inventory.resources.store.history import EVENT
from services.inventory.tables import cloud_resource_events as events

__all__ = ["CHANNEL", "Horizon", "list_settled_events", "read_horizon"]

CHANNEL: Final = "cloud_resource_events"
"""On which the database announces that events were written."""

HORIZON: Final = compiled(text("SELECT newest, settled FROM resource_event_horizon()"))

CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    # The first wall: whose events a query asks for. Row-level security is the second.
    "scope": events.c.tenant_id == bindparam("scope"),
    "kind": events.c.kind == bindparam("kind"),
}
"""What may be asked of an event, by its name; asked when its value is not empty."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the history goes. At or below `settled` no event can appear any more."""

    newest: int
    """The newest id that was given out, whether its event is committed or not."""
    settled: int


async def read_horizon(reading: SingleRead) -> Horizon:
    """The horizon of this moment. Events up to it are seen by any *later* transaction."""
    [(newest, settled)] = await reading.fetch(HORIZON, {})
    return Horizon(newest, settled)


async def list_settled_events(
    reading: SingleRead, scope: Scope, *, after: int, until: int, kind: str, limit: int
) -> list[ResourceEvent]:
    """The events with ids in (after, until], ascending.

    `until` is at most a horizon that was read in a transaction before this one. A tenant
    sees those events that were its own when they were written.
    """
    values: dict[str, Any] = {"scope": scope.tenant_id, "kind": kind}
    bounded = () if scope.everything else ("scope",)
    asked = tuple(name for name in CONDITIONS if name in bounded or values[name])
    parameters = {"after": after, "until": until, "limit": limit}
    rows = await reading.fetch(_page(asked), parameters | {name: values[name] for name in asked})
    return [*map(ResourceEvent._make, rows)]


@cache
def _page(asked: tuple[str, ...]) -> Compiled:
    return compiled(
        select(*EVENT)
        .where(
            events.c.id > bindparam("after"),
            events.c.id <= bindparam("until"),
            *(CONDITIONS[name] for name in asked),
        )
        .order_by(events.c.id)
        .limit(bindparam("limit", type_=Integer))
    )
