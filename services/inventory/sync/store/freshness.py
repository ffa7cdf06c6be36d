"""How old the inventory is."""

from typing import Final

from sqlalchemy import text

from services.common.db.single_statements import Compiled, compiled

__all__ = ["FRESHNESS"]

FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'resource_sync', min(latest)
        FROM (
            SELECT max(finished_at) AS latest
            FROM cloud_sweeps
            WHERE outcome IN ('completed', 'partial')
            GROUP BY provider, kind
        ) AS kinds
        """
    )
)
"""The kind that waits longest for a complete sweep decides; one that never had one does not."""
