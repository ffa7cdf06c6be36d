"""Makes the partitions of the audit log before their month begins.

Making one locks the log for a moment. A write makes the partition of its month only where nobody
did it ahead.
"""

from functools import partial
from typing import Final, NoReturn

from services.common.audit.store.recording import make_months
from services.common.background import repeated
from services.common.db.database import Database
from services.common.identity.callers import ALL

__all__ = ["keep_months_prepared", "prepare_months"]

EVERY_SECONDS: Final = 6 * 3_600.0


async def prepare_months(database: Database) -> None:
    """Makes the partitions of this month and the next two, where they are missing."""
    async with database.write(ALL) as session:
        session.repeatable = True
        await make_months(session)


async def keep_months_prepared(database: Database) -> NoReturn:
    """Does so at the start of a process and a few times a day."""
    await repeated(partial(prepare_months, database), every=EVERY_SECONDS)
