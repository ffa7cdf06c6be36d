"""Reading the history as a stream: by its own order, up to where it is settled.

The migration 0007 says what the horizon is, and why it is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, select, text

from services.common.access import Scope
from services.common.database import ReadSession
from services.inventory.models import cloud_resource_events as events
from services.inventory.store.history import COLUMNS

__all__ = ["CHANNEL", "Horizon", "list_settled_events", "read_horizon"]

CHANNEL: Final = "cloud_resource_events"
"""On which the database announces that events were written."""

HORIZON: Final = text("SELECT newest, settled FROM resource_event_horizon()")


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the history goes. At or below `settled` no event can appear any more."""

    newest: int
    """The newest id that was given out, whether its event is committed or not."""
    settled: int


async def read_horizon(session: ReadSession) -> Horizon:
    """The horizon of this moment. Events up to it are seen by any *later* statement."""
    row = (await session.execute(HORIZON)).one()
    return Horizon(row.newest, row.settled)


async def list_settled_events(
    session: ReadSession, scope: Scope, *, after: int, until: int, kind: str, limit: int
) -> Sequence[Row[Any]]:
    """The events with ids in (after, until], ascending, in the order of `COLUMNS`.

    `until` is at most a horizon that was read before this statement. A tenant sees those
    events that were its own when they were written.
    """
    statement = (
        select(*COLUMNS)
        .where(events.c.id > after, events.c.id <= until)
        .order_by(events.c.id)
        .limit(limit)
    )
    if not scope.everything:
        statement = statement.where(events.c.tenant_id == scope.tenant_id)
    if kind:
        statement = statement.where(events.c.kind == kind)
    return (await session.execute(statement)).all()
