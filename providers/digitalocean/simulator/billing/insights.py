"""Nightly estimates of what each resource cost a day: no ids, and no claim to match invoices."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.billing.lines import Period, description_of, usage_amount
from providers.digitalocean.simulator.billing.prices import cents
from providers.digitalocean.simulator.billing.spellings import Spelling

__all__ = ["FIRST_INSIGHT", "DataPoint", "data_points"]

_WORDS = {
    "container_registry": "REGI",
    "nat_gateway": "NATG",
    "nfs_share": "NFS",
    "reserved_ipv6": "RIP6",
}
"""What a SKU calls a product where that is not the beginning of our name for it."""

FIRST_INSIGHT = date(2025, 12, 1)

SKUS: Final[Mapping[str, str]] = {
    "database": "DBAA",
    "kubernetes_ha": "DOKS",
    "kubernetes_node": "DOKS",
    "load_balancer": "LBAA",
}
"""The four letters of today, where they are not the first of the kind."""


@dataclass(frozen=True)
class DataPoint:
    """What one resource cost on one day, USD."""

    day: date
    amount: str
    region: str
    sku: str
    description: str
    group_description: str


def data_points(
    ledger: Ledger,
    first: date,
    last: date,
    now: datetime,
    spellings: Collection[Spelling] = frozenset(),
) -> Iterator[DataPoint]:
    """Estimates of the days from `first` to `last`, both included, that are over by now."""
    words = {**_WORDS, **(SKUS if Spelling.SKUS in spellings else {})}
    day = max(first, FIRST_INSIGHT)
    while day <= last and day < now.date():
        start = datetime.combine(day, time(), UTC)
        period = Period(start, start + timedelta(days=1))
        for life in ledger.overlapping(period.start, period.end):
            used = usage_amount(life, period)
            if used is not None:
                yield DataPoint(
                    day,
                    str(cents(used[0])),
                    life.region,
                    f"1-DO-{words.get(life.kind, life.kind[:4].upper())}-{len(life.sku):04d}",
                    description_of(life),
                    life.group_name,
                )
        day += timedelta(days=1)
