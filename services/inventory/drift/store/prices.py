"""The provider's list prices by size, as its API told them last."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, select

from services.common.db.database import ReadSession, WriteSession
from services.inventory.drift.store.locks import lock_drift
from services.inventory.drift.tables import cloud_list_prices as list_prices

__all__ = ["ListPrices", "read_list_prices", "record_list_prices"]

ListPrices = Mapping[tuple[str, str], Mapping[str, Decimal]]
"""USD a month, by size, by (provider, kind)."""

RECORD: Final = """
INSERT INTO cloud_list_prices (provider, kind, size, monthly_usd, recorded_at)
SELECT %(provider)s, %(kind)s, g.size, g.price::numeric, now()
FROM unnest(%(sizes)b::text[], %(prices)b::text[]) AS g (size, price)
ON CONFLICT ON CONSTRAINT cloud_list_prices_pkey DO UPDATE SET
    monthly_usd = excluded.monthly_usd,
    recorded_at = excluded.recorded_at
"""


async def record_list_prices(
    session: WriteSession, provider: str, kind: str, prices: Mapping[str, Decimal]
) -> None:
    """Replaces the whole list of a kind."""
    await lock_drift(session, [(provider, kind)])
    driver = await session.driver()
    async with driver.cursor(binary=True) as cursor:
        await cursor.execute(
            RECORD,
            {
                "provider": provider,
                "kind": kind,
                "sizes": list(prices),
                "prices": [str(price) for price in prices.values()],
            },
        )
    await session.execute(
        delete(list_prices).where(
            list_prices.c.provider == provider,
            list_prices.c.kind == kind,
            list_prices.c.size.not_in(list(prices)),
        )
    )


async def read_list_prices(session: ReadSession) -> ListPrices:
    """All of them: a few hundred."""
    rows = await session.execute(
        select(
            list_prices.c.provider,
            list_prices.c.kind,
            list_prices.c.size,
            list_prices.c.monthly_usd,
        )
    )
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in rows.all():
        found.setdefault((row.provider, row.kind), {})[row.size] = row.monthly_usd
    return found
