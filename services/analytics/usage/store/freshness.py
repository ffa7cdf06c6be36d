"""The age of the metered usage."""

from typing import Final

from sqlalchemy import text

from services.common.db.single_statements import Compiled, compiled

__all__ = ["FRESHNESS"]

FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'metering', max(completed_at)
        FROM work_passes
        WHERE work = 'metering' AND complete
        """
    )
)
"""When a day was last metered completely."""
