"""Reads what became of a month's costs and usage, each in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import text

from services.analytics.coverage.fate_sql import PROVEN, SOLD, SPENT, USED
from services.analytics.coverage.rules import (
    METER_GROUPS,
    USD,
    CostCoverage,
    CoveragePart,
    StatedCost,
    UsageCoverage,
)
from services.analytics.generations.store import Generation
from services.common.db.database import ReadSession
from services.common.db.records import records_of
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = [
    "CoverageFilter",
    "Rates",
    "billed_currencies",
    "list_parts",
    "read_coverage",
]

Rates = Mapping[str, Decimal]
"""The value of a minor unit of each currency in minor units of the reporting currency."""


# For this transaction: a million costs are grouped in memory instead of sorted on disk.
_WORK_MEM: Final = text("SELECT set_config('work_mem', '64MB', true)")

_CURRENCIES: Final = text("""
SELECT DISTINCT currency FROM tenant_invoices WHERE period >= :start AND status <> 'void'
""")

_COVERAGE: Final = text(f"""
WITH {PROVEN}, {SOLD}, {USED}, {SPENT}
SELECT NULL AS resource_kind, coverage, reason, sum(amount) AS amount_usd,
       NULL AS qty
FROM covered GROUP BY 2, 3
UNION ALL
SELECT resource_kind, coverage, reason, NULL, sum(qty)
FROM used GROUP BY 1, 2, 3
ORDER BY 1 NULLS FIRST, 2, 3
""")

# Usage at a stated cost may come to more than a message can say; the list must still show it.
_WHOLE: Final = f"""
(CASE WHEN {{cents}} >= {2**63 - 1} THEN {2**63 - 1} ELSE round({{cents}}) END)::bigint
"""

# Revenue of all meters of a kind is held against its cost. Usage that the provider does not charge
# for is a part as well, with the cost that the operator states for it; without one, what is lost by
# it is unknown where it is not billed.
_PARTS: Final = text(f"""
WITH {PROVEN}, {SOLD}, {USED}, {SPENT}, weighed_meters AS MATERIALIZED (
    SELECT DISTINCT meter, meter_group FROM meters
), earned AS MATERIALIZED (
    SELECT line.tenant_id, line.deployment_id, weighed.meter_group, sum(line.cents) AS revenue
    FROM lines AS line
    JOIN weighed_meters AS weighed ON weighed.meter = line.resource_kind
    WHERE line.product IS NULL
    GROUP BY 1, 2, 3
), earned_by_costs AS MATERIALIZED (
    SELECT tenant_id, deployment_id, product, sum(cents) AS revenue
    FROM lines WHERE product IS NOT NULL GROUP BY 1, 2, 3
), parts AS (
    SELECT covered.tenant_id, covered.deployment_id, kind, covered.meter_group AS resource_kind,
           coverage, reason, qty, amount AS cost, amount * :usd_cents AS cost_cents,
           CASE WHEN covered.product IS NOT NULL THEN earned_by_costs.revenue
                WHEN coverage IN ('billed', 'rebilled') THEN earned.revenue END AS revenue,
           true AS is_charged, product
    FROM covered
    LEFT JOIN earned USING (tenant_id, deployment_id, meter_group)
    LEFT JOIN earned_by_costs USING (tenant_id, deployment_id, product)
    UNION ALL
    SELECT used.tenant_id, used.deployment_id, '', used.resource_kind, coverage, reason, qty,
           NULL, qty * stated.cents / stated.units,
           CASE WHEN coverage IN ('billed', 'rebilled') THEN sold.revenue END, false, NULL
    FROM used
    LEFT JOIN (
        SELECT tenant_id, deployment_id, resource_kind, sum(cents) AS revenue
        FROM lines WHERE product IS NULL GROUP BY 1, 2, 3
    ) AS sold USING (tenant_id, deployment_id, resource_kind)
    LEFT JOIN unnest(CAST(:stated_meters AS text[]), CAST(:stated_cents AS numeric[]),
                     CAST(:stated_units AS bigint[])) AS stated (resource_kind, cents, units)
        USING (resource_kind)
    LEFT JOIN (
        SELECT DISTINCT spent.tenant_id, spent.deployment_id, meters.meter AS resource_kind
        FROM spent JOIN meters ON meters.meter_group = spent.meter_group
    ) AS charged USING (tenant_id, deployment_id, resource_kind)
    WHERE charged.tenant_id IS NULL
), lossy AS (
    SELECT parts.*,
           CASE WHEN coverage = 'unbilled' THEN cost_cents
                WHEN coverage IN ('billed', 'rebilled') AND cost_cents IS NOT NULL
                THEN greatest(cost_cents - revenue, 0)
                ELSE 0 END AS lost
    FROM parts
), ranked AS (
    SELECT lossy.*, row_number() OVER (ORDER BY lost DESC NULLS LAST, tenant_id, deployment_id,
                                       kind, resource_kind, coverage, reason) AS place
    FROM lossy
    WHERE (CAST(:coverage AS text) = '' OR coverage = :coverage)
      AND (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
      AND (CAST(:deployment_id AS text) = '' OR deployment_id = :deployment_id)
      AND (NOT CAST(:losses_only AS boolean) OR lost IS DISTINCT FROM 0)
), page AS MATERIALIZED (
    SELECT * FROM ranked WHERE place > :after ORDER BY place LIMIT :limit
)
SELECT place, page.tenant_id, page.deployment_id, page.kind, page.resource_kind, coverage,
       CASE WHEN coverage IN ('billed', 'rebilled') AND lost > 0 THEN 'below_cost'
            ELSE reason END AS reason,
       cost AS cost_usd, {_WHOLE.format(cents="cost_cents")} AS cost_cents,
       round(revenue)::bigint AS revenue_cents, {_WHOLE.format(cents="lost")} AS lost_cents, qty,
       coalesce(billed.line_ids, '{{}}') AS invoice_line_ids
FROM page
LEFT JOIN (
    SELECT page.place, array_agg(line.id::text ORDER BY line.id) AS line_ids
    FROM page
    JOIN lines AS line USING (tenant_id, deployment_id)
    LEFT JOIN weighed_meters AS weighed ON weighed.meter = line.resource_kind
    WHERE page.coverage IN ('billed', 'rebilled')
      AND page.product IS NOT DISTINCT FROM line.product
      AND (page.product IS NOT NULL
           OR page.resource_kind = CASE WHEN page.is_charged THEN weighed.meter_group
                                        ELSE line.resource_kind END)
    GROUP BY 1
) AS billed USING (place)
ORDER BY place
""")


@dataclass(frozen=True, slots=True)
class CoverageFilter:
    """A filter; empty fields do not restrict it."""

    coverage: str = ""
    tenant_id: str = ""
    deployment_id: str = ""
    losses_only: bool = False


async def billed_currencies(session: ReadSession, period: Period) -> set[str]:
    """The currencies of the invoices that may bill a month."""
    return {*(await session.execute(_CURRENCIES, {"start": period.start})).scalars()}


async def read_coverage(
    session: ReadSession, period: Period, costs: Generation | None, rates: Rates
) -> tuple[list[CostCoverage], list[UsageCoverage]]:
    """The costs of a generation and the usage of a month, by coverage and reason.

    They add up exactly to the costs and to the usage.
    """
    await session.execute(_WORK_MEM)
    rows = (await session.execute(_COVERAGE, _asked(period, rates) | _of_costs(costs))).all()
    of_costs = sum(row.resource_kind is None for row in rows)
    return records_of(CostCoverage, rows[:of_costs]), records_of(UsageCoverage, rows[of_costs:])


async def list_parts(
    session: ReadSession,
    period: Period,
    costs: Generation | None,
    rates: Rates,
    stated: Sequence[StatedCost],
    wanted: CoverageFilter,
    asked: PageRequest,
) -> Page[CoveragePart]:
    """The next parts of a month, the largest loss first; `rates` has USD and those of `stated`."""
    values = {
        **asdict(wanted),
        "stated_meters": [one.meter for one in stated],
        "stated_cents": [one.unit_cost_cents * rates[one.currency] for one in stated],
        "stated_units": [one.units for one in stated],
        # The rate is of a cent.
        "usd_cents": rates[USD] * 100,
        "after": asked.after or 0,
        "limit": asked.limit,
    }
    await session.execute(_WORK_MEM)
    rows = await session.execute(_PARTS, _asked(period, rates) | _of_costs(costs) | values)
    return asked.page(records_of(CoveragePart, rows), attrgetter("place"))


def _asked(period: Period, rates: Rates) -> dict[str, Any]:
    return {
        "start": period.start,
        "end": period.end,
        "currencies": list(rates),
        "rates": list(rates.values()),
    }


def _of_costs(costs: Generation | None) -> dict[str, Any]:
    kinds, meters, groups = zip(*METER_GROUPS, strict=True)
    return {
        "pass_id": costs.id if costs else 0,
        "kinds": list(kinds),
        "meters": list(meters),
        "groups": list(groups),
    }
