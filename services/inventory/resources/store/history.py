"""The append-only history of resources."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Text, bindparam, cast, select, text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import in_page
from services.common.db.records import arrays_of, unnested
from services.common.db.single_statements import Compiled, SingleRead, compiled
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest
from services.inventory.resources.rules.recording import Cause, NewEvent, ResourceEvent
from services.inventory.resources.rules.resources import FieldChange, Json
from services.inventory.tables import cloud_resource_events as events
from services.inventory.vocabulary import EventType

__all__ = [
    "CHANNEL",
    "EVENT",
    "Horizon",
    "changed",
    "event_arrays",
    "list_events",
    "list_settled_events",
    "prepare_months",
    "read_horizon",
    "writing_events",
]

MONTHS_AHEAD: Final = 3

PREPARE: Final = text("SELECT prepare_event_months(:ahead)")

EVENT: Final = (
    events.c.id,
    cast(events.c.resource_id, Text),
    events.c.type,
    events.c.changes,
    events.c.actor,
    events.c.request_id,
    events.c.occurred_at,
)
"""The columns of a ResourceEvent, in its order."""


@dataclass(frozen=True, slots=True)
class _Written:
    """An event to insert."""

    key: str
    """The key of the resource in the statement: its id or its provider id."""
    tenant_id: str | None
    type: EventType
    changes: Mapping[str, Json]


def writing_events(resource: str = "e.key::uuid", kind: str = "%(kind)s", rows: str = "") -> str:
    """SQL that inserts the `event_arrays`.

    `resource` and `kind` are SQL expressions for the resource of a row; `rows` adds joins.
    """
    return f"""
INSERT INTO cloud_resource_events
    (resource_id, kind, tenant_id, type, changes, actor, request_id, occurred_at)
SELECT {resource}, {kind}, e.tenant_id, e.type, e.changes::jsonb, %(actor)s, %(request_id)s, now()
FROM {unnested(_Written, "e", is_numbered=True)} {rows}
ORDER BY e.position
"""


def event_arrays(pairs: Iterable[tuple[Any, NewEvent]], cause: Cause) -> dict[str, Any]:
    """The parameters of `writing_events`, of (key, event) pairs."""
    events = (
        _Written(str(key), event.tenant_id, event.type, changed(event.changes))
        for key, event in pairs
    )
    cause_of = {"actor": cause.actor, "request_id": cause.request_id}
    return arrays_of(_Written, events, "e") | cause_of


def changed(changes: Sequence[FieldChange]) -> dict[str, Json]:
    """Changes in the form of the history: `{"<field>": {"old": …, "new": …}}`."""
    return {change.field: {"old": change.old, "new": change.new} for change in changes}


async def prepare_months(session: WriteSession) -> None:
    """Creates the partitions of this month and the next few, if missing.

    Usually only a catalog lookup. Called before events are written, so that no scheduled job is
    needed.
    """
    await session.execute(PREPARE, {"ahead": MONTHS_AHEAD})


async def list_events(
    session: ReadSession,
    scope: Scope,
    resource_id: UUID,
    asked: PageRequest,
    *,
    since: datetime,
) -> Page[ResourceEvent]:
    """The events of a resource, newest first.

    `since` (the first sighting) prunes older partitions. A tenant sees the events that were its own
    when they were written.
    """
    statement = select(*EVENT).where(
        events.c.resource_id == resource_id, events.c.occurred_at >= since
    )
    if not scope.everything:
        statement = statement.where(events.c.tenant_id == scope.tenant_id)
    order = (events.c.occurred_at, events.c.id)
    rows = await session.execute(in_page(statement, asked, *order, descending=True))
    return asked.page([*map(ResourceEvent._make, rows)], attrgetter("occurred_at", "id"))


CHANNEL: Final = "cloud_resource_events"
"""The NOTIFY channel of new events."""

HORIZON: Final = compiled(text("SELECT newest, settled FROM resource_event_horizon()"))

CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    # Restricts to the tenant in addition to row-level security.
    "scope": events.c.tenant_id == bindparam("scope"),
    "kind": events.c.kind == bindparam("kind"),
}
"""The filter conditions by name; empty values do not restrict."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The horizon of the history. No event can appear at or below `settled` any more."""

    newest: int
    """The newest assigned id, committed or not."""
    settled: int


async def read_horizon(reading: SingleRead) -> Horizon:
    """The current horizon. Events up to it are visible to any *later* transaction."""
    [(newest, settled)] = await reading.fetch(HORIZON, {})
    return Horizon(newest, settled)


async def list_settled_events(
    reading: SingleRead, scope: Scope, *, after: int, until: int, kind: str, limit: int
) -> list[ResourceEvent]:
    """The events with ids in (after, until], ascending.

    `until` is at most a horizon read in an earlier transaction. A tenant sees the events that were
    its own when they were written.
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
