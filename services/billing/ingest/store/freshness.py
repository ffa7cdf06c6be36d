"""How old is what was read of the provider's bills."""

from typing import Final

from sqlalchemy import text

from services.common.db.single_statements import Compiled, compiled

__all__ = ["FRESHNESS"]

FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'balance', max(taken_at) FROM cloud_balance_snapshots
        UNION ALL SELECT 'provider_bills', max(finished_at) FROM cloud_history_walks
        UNION ALL SELECT 'daily_costs', max(read_at) FROM cloud_daily_cost_days
        """
    )
)
"""The last snapshot, the last walk through the billing history, the last day's estimates."""
