"""Unit prices of usage that no plan item covers: effective-dated, never two at once."""

from typing import Any, Final

from sqlalchemy import text

from services.catalog.plans import ResourcePrice, UnitPrice
from services.common.database import ReadSession
from services.common.periods import Period

__all__ = ["prices_in"]

SELECT: Final = """
SELECT id, resource_kind, unit, unit_price_cents, currency, effective_from, effective_to
FROM resource_prices
"""

IN_PERIOD: Final = text(f"""
{SELECT}
WHERE effective_from < :end AND (effective_to IS NULL OR effective_to > :start)
ORDER BY resource_kind, currency, effective_from
""")


async def prices_in(session: ReadSession, period: Period) -> list[ResourcePrice]:
    """Every price that is in force on a day of a period, by kind, currency and first day."""
    rows = await session.execute(IN_PERIOD, {"start": period.start, "end": period.end})
    return [price_of(row) for row in rows]


def price_of(row: Any) -> ResourcePrice:  # noqa: ANN401
    """The price of a row of SELECT."""
    identifier, *columns = row
    return ResourcePrice(identifier, UnitPrice(*columns))
