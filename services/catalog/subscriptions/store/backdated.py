"""Backdated changes, which affect a month before the one in which they are made; append-only.

Roll-ups read them from a cursor and reprice the affected months.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.subscriptions.rules.changes import first_changed_day
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import records_of
from services.common.values.periods import month_of

__all__ = ["BackdatedChange", "read_backdated", "record_backdated", "record_backdated_days"]

# Held until the transaction ends, so that ids ascend in commit order and a reader with a cursor
# misses none.
LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('backdated_changes', 0))")

RECORD: Final = text("""
INSERT INTO backdated_changes
    (tenant_id, subscription_id, deployment_id, effective_from, made_at)
VALUES (:tenant_id, :subscription_id, :deployment_id, :effective_from, :made_at)
""")

RECORD_DAYS: Final = text("""
INSERT INTO backdated_changes
    (tenant_id, subscription_id, deployment_id, effective_from, made_at)
SELECT s.tenant_id, s.id, s.deployment_id, changed.day, :made_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS changed (id, day)
JOIN subscriptions AS s ON s.id = changed.id
ORDER BY s.id
""")

READ: Final = text("""
SELECT id, tenant_id, subscription_id, deployment_id, effective_from FROM backdated_changes
WHERE id > :after ORDER BY id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class BackdatedChange:
    """A change made in a later month than that of its first affected day."""

    id: int
    tenant_id: str
    subscription_id: UUID
    deployment_id: UUID
    effective_from: date


async def record_backdated(
    session: WriteSession,
    before: Subscription | None,
    after: Subscription,
    made_at: datetime,
    *,
    was_trial: bool,
    is_trial: bool,
) -> None:
    """Records a change if it is backdated; call it after all other writes."""
    day = first_changed_day(before, after, was_trial=was_trial, is_trial=is_trial)
    if day is None or day >= month_of(made_at).start:
        return
    await session.execute(LOCK)
    values: dict[str, Any] = {
        "tenant_id": after.tenant_id,
        "subscription_id": after.id,
        "deployment_id": after.deployment_id,
        "effective_from": day,
        "made_at": made_at,
    }
    await session.execute(RECORD, values)


async def record_backdated_days(
    session: WriteSession, days: Mapping[UUID, date], made_at: datetime
) -> None:
    """Records the backdated ones of changes, by the first day that each affects."""
    month = month_of(made_at).start
    late = {key: day for key, day in days.items() if day < month}
    if late:
        await session.execute(LOCK)
        values = {"ids": list(late), "days": list(late.values()), "made_at": made_at}
        await session.execute(RECORD_DAYS, values)


async def read_backdated(
    session: ReadSession, *, after: int, limit: int
) -> Sequence[BackdatedChange]:
    """The changes after an id, in order."""
    found = await session.execute(READ, {"after": after, "limit": limit})
    return records_of(BackdatedChange, found)
