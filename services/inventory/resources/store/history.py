"""Writing and reading the append-only history of resources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Row, Text, cast, literal, select, text, tuple_

from services.common.db.database import ReadSession, WriteSession
from services.common.rpc.access import Scope
from services.inventory.resources.rules.recording import NewEvent
from services.inventory.resources.rules.resources import FieldChange
from services.inventory.tables import cloud_resource_events as events

__all__ = [
    "Cause",
    "EventArrays",
    "changes_json",
    "event_position",
    "list_events",
    "prepare_months",
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MONTHS_AHEAD: Final = 3

PREPARE: Final = text("SELECT prepare_event_months(:ahead)")

COLUMNS: Final = (
    events.c.id,
    cast(events.c.resource_id, Text),
    events.c.type,
    events.c.changes,
    events.c.actor,
    events.c.request_id,
    events.c.occurred_at,
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what causes an event, and in which request."""

    actor: str
    request_id: str


@dataclass(frozen=True, slots=True)
class EventArrays:
    """Events of several resources, column by column, as one statement takes them."""

    keys: list[Any]
    """What names the resource in that statement: its id, or its provider id."""
    types: list[str]
    changes: list[str]
    tenants: list[str | None]

    @staticmethod
    def of(pairs: Iterable[tuple[Any, NewEvent]]) -> "EventArrays":
        """The columns of (key, event) pairs."""
        arrays = EventArrays([], [], [], [])
        for key, event in pairs:
            arrays.keys.append(key)
            arrays.types.append(event.type.value)
            arrays.changes.append(changes_json(event.changes))
            arrays.tenants.append(event.tenant_id)
        return arrays


def changes_json(changes: Sequence[FieldChange]) -> str:
    """Changes as the history keeps them: `{"<field>": {"old": …, "new": …}}`."""
    if not changes:
        return "{}"
    content = {change.field: {"old": change.old, "new": change.new} for change in changes}
    return orjson.dumps(content).decode()


async def prepare_months(session: WriteSession) -> None:
    """Makes sure that this month's partition is there, and those of the next few.

    A catalogue look-up on all days but the first of a month; called before events are
    written, so that no timer has to remember it.
    """
    await session.execute(PREPARE, {"ahead": MONTHS_AHEAD})


async def list_events(
    session: ReadSession,
    scope: Scope,
    resource_id: UUID,
    *,
    since: datetime,
    before: tuple[int, int] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The newest events of a resource, newest first, in the order of `COLUMNS`.

    `since` (when the resource was first seen) spares the partitions before it; `before`
    is the `event_position` of the last one of the page before. A tenant sees those
    events that were its own when they were written.
    """
    statement = (
        select(*COLUMNS)
        .where(events.c.resource_id == resource_id, events.c.occurred_at >= since)
        .order_by(events.c.occurred_at.desc(), events.c.id.desc())
        .limit(limit)
    )
    if not scope.everything:
        statement = statement.where(events.c.tenant_id == scope.tenant_id)
    if before is not None:
        microseconds, identifier = before
        instant = EPOCH + timedelta(microseconds=microseconds)
        statement = statement.where(
            tuple_(events.c.occurred_at, events.c.id)
            < tuple_(literal(instant), literal(identifier, BigInteger))
        )
    return (await session.execute(statement)).all()


def event_position(row: Row[Any]) -> tuple[int, int]:
    """Where an event is in its history: microseconds since the epoch, and its id."""
    microseconds: int = (row.occurred_at - EPOCH) // timedelta(microseconds=1)
    return microseconds, row.id
