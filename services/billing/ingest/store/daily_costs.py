"""The provider's daily estimates, replaced by whole days."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, text

from services.billing.costs.tables import cloud_daily_cost_days, cloud_daily_costs
from services.billing.ingest.rules.classification import Judged
from services.common.db.database import WriteSession
from services.common.values.periods import Period

__all__ = ["DailyRow", "replace_daily_costs"]


@dataclass(frozen=True, slots=True)
class DailyRow:
    """What something cost on a day, in USD, as the provider estimates it."""

    day: date
    region: str
    sku: str
    description: str
    group_description: str
    amount_usd: Decimal
    judged: Judged


_INSERT: Final = text("""
INSERT INTO cloud_daily_costs (
    day, region, sku, description, group_description, amount_usd,
    kind, classification, is_overage, resource_name, match_state)
SELECT *, CASE classification WHEN 'resource' THEN 'unmatched' ELSE 'not_applicable' END
FROM unnest(
    CAST(:days AS date[]), CAST(:regions AS text[]), CAST(:skus AS text[]),
    CAST(:descriptions AS text[]), CAST(:groups AS text[]), CAST(:amounts AS numeric[]),
    CAST(:kinds AS text[]), CAST(:classifications AS text[]), CAST(:overages AS boolean[]),
    CAST(:names AS text[])
) AS given (day, region, sku, description, group_description, amount_usd,
            kind, classification, is_overage, resource_name)
""")

# Who deletes while another replaces the same days waits, and then does not see the new ones.
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('daily costs', 0))")

# Every day of the span is known now, also one that cost nothing.
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
    """Puts what comes in the place of the span's days, whose partitions exist.

    What `pieces` raises undoes it all.
    """
    await session.execute(_ONE_AT_A_TIME)
    for table in (cloud_daily_costs, cloud_daily_cost_days):
        await session.execute(
            delete(table).where(table.c.day >= span.start, table.c.day < span.end)
        )
    async for rows in pieces:
        if rows:
            await session.execute(_INSERT, _columns(rows))
    await session.execute(_KNOW, {"start": span.start, "end": span.end})


def _columns(rows: Sequence[DailyRow]) -> dict[str, list[object]]:
    return {
        "days": [row.day for row in rows],
        "regions": [row.region for row in rows],
        "skus": [row.sku for row in rows],
        "descriptions": [row.description for row in rows],
        "groups": [row.group_description for row in rows],
        "amounts": [row.amount_usd for row in rows],
        "kinds": [row.judged.kind for row in rows],
        "classifications": [row.judged.classification for row in rows],
        "overages": [row.judged.is_overage for row in rows],
        "names": [row.judged.resource_name for row in rows],
    }
