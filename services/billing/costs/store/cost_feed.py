"""Costs for other services: a month's lines, daily costs and unit costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from services.billing.costs.store.cost_lines import COLUMNS, CostLine
from services.billing.costs.tables import cloud_daily_cost_days as days
from services.billing.costs.tables import cloud_daily_costs as costs
from services.billing.ingest.rules.reconciling import HALF_A_CENT
from services.billing.ingest.store.daily_costs import DailyCost
from services.billing.ingest.tables import cloud_cost_lines as lines
from services.common.db.database import ReadSession
from services.common.db.deployment_rows import deployment_parameters, of_deployment
from services.common.db.pages import page_of
from services.common.db.records import columns_of
from services.common.rpc.deployment_slugs import DeploymentSlug
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = [
    "DayFilter",
    "LineSets",
    "UnitCost",
    "daily_costs",
    "known_days",
    "line_sets",
    "newest_month",
    "period_lines",
    "unit_costs",
]


@dataclass(frozen=True, slots=True)
class LineSets:
    """The version of a month's lines, which changes with the lines and their matches."""

    version: str
    complete: bool


@dataclass(frozen=True, slots=True)
class DayFilter:
    """A filter of daily costs; empty fields do not restrict it."""

    start: date | None = None
    end: date | None = None
    kind: str = ""
    tenant_id: str = ""
    deployment_id: str = ""
    slug: DeploymentSlug | None = None
    """The slug of the deployment, under which costs may be stored too."""


@dataclass(frozen=True, slots=True)
class UnitCost:
    """The cost of a unit of usage in USD, by the bills of a month."""

    resource_kind: str
    unit_cost_usd: Decimal
    period: date


_SETS: Final = text("""
SELECT month.period,
       md5(coalesce(string_agg(concat_ws('/', id, ingest_id, matched_at), ',' ORDER BY id), ''))
           AS version,
       coalesce(bool_and(ingest_status = 'ingested' AND abs(residual_usd) < :half_a_cent
                         AND balanced IS NOT FALSE AND matched_at IS NOT NULL), false)
           AS complete
FROM (SELECT DISTINCT unnest(CAST(:periods AS date[])) AS period) AS month
LEFT JOIN cloud_invoices AS invoice ON invoice.period = month.period
GROUP BY 1
""")

_GIGABYTES: Final = r"CAST(substring(description FROM '\(([0-9]+(?:\.[0-9]+)?) ?GB') AS numeric)"
_RATE: Final = r"@ \$[0-9.]+/GB"
_WHOLE_MONTH: Final = (
    "start_at <= CAST(:month_start AS timestamptz) AND end_at >= CAST(:month_end AS timestamptz)"
)

UNIT_COSTS: Final = {
    "droplet_hours": (
        "sum(amount_usd) / nullif(sum(hours), 0)",
        "kind = 'droplet' AND classification = 'resource' AND lower(product) = 'droplets'",
    ),
    "bandwidth_gb": (
        f"sum(amount_usd) / nullif(sum({_GIGABYTES}), 0)",
        f"is_overage AND lower(product) = 'bandwidth' AND description ~ '{_RATE}'",
    ),
    "spaces_gb_month": (
        f"sum(amount_usd) / nullif(sum({_GIGABYTES}), 0)",
        f"is_overage AND kind = 'spaces_bucket' AND description ~ '{_RATE}'",
    ),
    "snapshot_gb_month": (
        f"sum(amount_usd) / nullif(sum({_GIGABYTES}), 0)",
        f"kind = 'snapshot' AND classification = 'resource' AND {_WHOLE_MONTH}",
    ),
}
"""Unit cost expressions by kind of usage, with the condition of their lines."""

_NEWEST: Final = text("""
SELECT max(period) FROM cloud_invoices WHERE ingest_status = 'ingested' AND line_count > 0
""")


async def line_sets(session: ReadSession, periods: Sequence[date]) -> list[LineSets]:
    """The versions of the line sets of these months."""
    rows = await session.execute(_SETS, {"periods": list(periods), "half_a_cent": HALF_A_CENT})
    found = {row.period: LineSets(row.version, row.complete) for row in rows}
    return [found[period] for period in periods]


async def period_lines(
    session: ReadSession, period: date, *, after: UUID | None, limit: int
) -> list[CostLine]:
    """A month's lines by id."""
    query = select(*COLUMNS).where(lines.c.period == period)
    if after is not None:
        query = query.where(lines.c.id > after)
    rows: Iterable[Any] = await session.execute(query.order_by(lines.c.id).limit(limit))
    return [CostLine(*row) for row in rows]


async def daily_costs(
    session: ReadSession, wanted: DayFilter, asked: PageRequest, *, newest_first: bool
) -> Page[DailyCost]:
    """Daily costs by day."""
    query = select(*columns_of(DailyCost, costs))
    for column in ("kind", "tenant_id"):
        if getattr(wanted, column):
            query = query.where(costs.c[column] == getattr(wanted, column))
    if wanted.deployment_id:
        if wanted.slug is None:
            query = query.where(costs.c.deployment_id == wanted.deployment_id)
        else:
            parameters = deployment_parameters(wanted.deployment_id, wanted.slug)
            query = query.where(of_deployment(costs).params(parameters))
    if wanted.start is not None:
        query = query.where(costs.c.day >= wanted.start)
    if wanted.end is not None:
        query = query.where(costs.c.day < wanted.end)
    place = (costs.c.day, costs.c.id)
    return await page_of(session, DailyCost, query, asked, *place, descending=newest_first)


async def known_days(session: ReadSession, span: Period) -> set[date]:
    """The days of a span with data."""
    query = select(days.c.day).where(days.c.day >= span.start, days.c.day < span.end)
    return set((await session.execute(query)).scalars())


async def newest_month(session: ReadSession) -> date | None:
    """The newest month with ingested lines; None if there is none."""
    period: date | None = (await session.execute(_NEWEST)).scalar_one()
    return period


async def unit_costs(session: ReadSession, period: date) -> list[UnitCost]:
    """The unit cost of each kind in a month; kinds that its bills do not price are omitted.

    It scans the month's lines; call it once per version.
    """
    month = Period.month(period.year, period.month)
    place = {"period": period, "month_start": month.start_at, "month_end": month.end_at}
    found = []
    for kind, (price, where) in UNIT_COSTS.items():
        query = text(
            f"SELECT round({price}, 12) FROM cloud_cost_lines WHERE period = :period AND {where}"
        )
        given = place if ":month_start" in where else {"period": period}
        usd = (await session.execute(query, given)).scalar_one()
        if usd is not None:
            found.append(UnitCost(kind, usd, period))
    return found
