"""Opens a roll-up, idempotently by its key."""

from datetime import datetime

from contracts.invoicing import RollupInput
from services.analytics.invoicing.rollups.rules.rollups import Rollup
from services.analytics.invoicing.rollups.store import rollups
from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists
from services.common.values.periods import read_month

__all__ = ["begin_rollup"]


async def begin_rollup(session: WriteSession, start: RollupInput, key: str, at: datetime) -> Rollup:
    """Opens a roll-up, or returns the one that was opened under its key before.

    Closes an unfinished earlier roll-up of the month: there is one workflow per month, so that
    one's workflow is gone. Its drafts move to the new roll-up, unless the new one replaces them.

    Raises AlreadyExists when the key already belongs to a roll-up of another month.
    """
    # Lock them before the key: the holder of such a lock may be about to claim the same key.
    period = read_month(start.period, "period")
    await rollups.lock_open(session, period)
    opened = await rollups.insert_rollup(session, period, start, key, at)
    if opened is None:
        known = await rollups.rollup_of_key(session, key)
        if known.month != period:
            raise AlreadyExists(
                f"key {key!r} already belongs to a roll-up of {known.month.code}",
                reason="ROLLUP_KEY_TAKEN",
            )
        return known
    await rollups.fail_others(session, opened, "superseded by a later run", at)
    if not start.force:
        await rollups.adopt_drafts(session, opened)
    return opened
