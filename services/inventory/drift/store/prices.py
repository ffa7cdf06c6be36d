"""The provider's latest list prices by size."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, select

from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import arrays_of, columns_of, records_of, unnested
from services.inventory.drift.tables import cloud_list_prices as list_prices
from services.inventory.resources.store.locks import lock_drift

__all__ = ["ListPrices", "read_list_prices", "record_list_prices"]

ListPrices = Mapping[tuple[str, str], Mapping[str, Decimal]]
"""USD per month by size, by (provider, kind)."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """The provider's price of a size of a kind."""

    provider: str
    kind: str
    size: str
    monthly_usd: Decimal


RECORD: Final = f"""
INSERT INTO cloud_list_prices (provider, kind, size, monthly_usd, recorded_at)
SELECT g.*, now() FROM {unnested(ListPrice, "g")}
ON CONFLICT ON CONSTRAINT cloud_list_prices_pkey DO UPDATE SET
    monthly_usd = excluded.monthly_usd,
    recorded_at = excluded.recorded_at
"""


async def record_list_prices(
    session: WriteSession, provider: str, kind: str, prices: Mapping[str, Decimal]
) -> None:
    """Replaces the list of a kind."""
    await lock_drift(session, [(provider, kind)])
    listed = [ListPrice(provider, kind, size, price) for size, price in prices.items()]
    await session.on_driver(RECORD, arrays_of(ListPrice, listed, "g"))
    await session.execute(
        delete(list_prices).where(
            list_prices.c.provider == provider,
            list_prices.c.kind == kind,
            list_prices.c.size.not_in(list(prices)),
        )
    )


async def read_list_prices(session: ReadSession) -> ListPrices:
    """All list prices, a few hundred rows."""
    rows = await session.execute(select(*columns_of(ListPrice, list_prices)))
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for one in records_of(ListPrice, rows):
        found.setdefault((one.provider, one.kind), {})[one.size] = one.monthly_usd
    return found
