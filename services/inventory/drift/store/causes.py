"""What the provider's action log said about drifts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.common.db.database import WriteSession

__all__ = ["ActionCause", "record_causes"]

RECORD: Final = """
UPDATE cloud_drift AS d
SET cause_action_id = g.action_id,
    cause_action_type = g.action_type,
    cause_occurred_at = g.occurred_at,
    cause_sought_at = now()
FROM unnest(%(ids)b::uuid[], %(action_ids)b::text[], %(types)b::text[],
            %(instants)b::timestamptz[]) AS g (id, action_id, action_type, occurred_at)
WHERE d.id = g.id AND d.status = 'open'
"""

SOUGHT: Final = """
UPDATE cloud_drift SET cause_sought_at = now()
WHERE id = ANY (%(ids)b::uuid[]) AND status = 'open'
"""


@dataclass(frozen=True, slots=True)
class ActionCause:
    """The action that caused a drift."""

    drift_id: UUID
    action_id: str
    action_type: str
    occurred_at: datetime


async def record_causes(
    session: WriteSession, explained: Sequence[ActionCause], unexplained: Sequence[UUID]
) -> None:
    """Keeps causes, and that others have none; what was closed meanwhile is left alone."""
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(
            RECORD,
            {
                "ids": [cause.drift_id for cause in explained],
                "action_ids": [cause.action_id for cause in explained],
                "types": [cause.action_type for cause in explained],
                "instants": [cause.occurred_at for cause in explained],
            },
        )
        await cursor.execute(SOUGHT, {"ids": list(unexplained)})
