"""The provider's daily estimates, replaced as whole days."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text

from services.billing.costs.tables import cloud_daily_cost_days, cloud_daily_costs
from services.billing.ingest.rules.classification import Judged
from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, unnested
from services.common.values.periods import Period

__all__ = ["DailyCost", "DailyRow", "replace_daily_costs"]


@dataclass(frozen=True, slots=True)
class DailyRow:
    """The provider's estimate of a cost on a day, in USD."""

    day: date
    region: str
    sku: str
    description: str
    group_description: str
    amount_usd: Decimal
    judged: Judged


@dataclass(frozen=True, slots=True)
class DailyCost(DailyRow):
    """A stored daily cost with its matched resource."""

    id: UUID
    match_state: str
    match_rung: str
    resource_id: UUID | None
    tenant_id: str | None
    deployment_id: str | None


_INSERT: Final = f"""
INSERT INTO cloud_daily_costs (
    day, region, sku, description, group_description, amount_usd,
    kind, classification, is_overage, resource_name, match_state)
SELECT *, CASE classification WHEN 'resource' THEN 'unmatched' ELSE 'not_applicable' END
FROM {unnested(DailyRow, "given")}
"""

# Serializes replacements of the same days: a waiting DELETE would not see the new rows.
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('daily costs', 0))")

# Every day of the span now has data, including days without costs.
_KNOW: Final = text("""
INSERT INTO cloud_daily_cost_days (day, row_count, amount_usd, read_at)
SELECT days.day, count(costs.id), coalesce(sum(costs.amount_usd), 0), now()
FROM (
    SELECT generate_series(CAST(:start AS date), CAST(:end AS date) - 1, interval '1 day')::date
) AS days (day)
LEFT JOIN cloud_daily_costs AS costs
    ON costs.day = days.day AND costs.day >= :start AND costs.day < :end
GROUP BY days.day
""")


async def replace_daily_costs(
    session: WriteSession, span: Period, pieces: AsyncIterator[Sequence[DailyRow]]
) -> None:
    """Replaces the days of a span, whose partitions exist, with the given rows.

    Rolls back if `pieces` raises.
    """
    await session.execute(_ONE_AT_A_TIME)
    for table in (cloud_daily_costs, cloud_daily_cost_days):
        await session.execute(
            delete(table).where(table.c.day >= span.start, table.c.day < span.end)
        )
    async for rows in pieces:
        if rows:
            await session.on_driver(_INSERT, arrays_of(DailyRow, rows, "given"), binary=False)
    await session.execute(_KNOW, {"start": span.start, "end": span.end})
