"""Reads what became of a month's costs and usage, each in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import text

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


# Proofs from before covered days were kept cover their month: that release billed all usage.
_PROVEN: Final = """
proven AS MATERIALIZED (
    SELECT invoice.tenant_id, proof.deployment_id,
           range_agg(coalesce(proof.covered_days, datemultirange(daterange(:start, :end)))) AS days,
           range_agg(trial.days) AS trial,
           string_to_array(string_agg(array_to_string(proof.unsold_kinds, ' '), ' '), ' ')
               AS unsold,
           jsonb_agg(proof.unsold_usage) FILTER (WHERE proof.unsold_usage <> '{}') AS unsold_usage
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
    CROSS JOIN LATERAL (
        SELECT coalesce(range_agg(daterange((span ->> 0)::date, (span ->> 1)::date)),
                        '{}'::datemultirange) AS days
        FROM jsonb_array_elements(
            proof.inputs_json::jsonb -> 'calendar' -> 'trial_days') AS trial_days (span)
    ) AS trial
    WHERE invoice.period >= :start AND invoice.status <> 'void'
      AND invoice.credited_in_full_at IS NULL AND proof.subscription_id <> ''
      AND coalesce(proof.service_month, invoice.period) = :start
    GROUP BY 1, 2
)"""

# A line with dimensions bills usage with the values that its price allows. What an adjustment takes
# back lessens the revenue, and bills nothing.
_SOLD: Final = """
sold AS MATERIALIZED (
    SELECT line.tenant_id, line.deployment_id, line.resource_kind,
           range_agg(line.days) FILTER (WHERE line.bills AND line.dimensions = '{}'
                                          AND line.sold_as <> 'rebilled') AS days,
           range_agg(line.days) FILTER (WHERE line.bills AND line.dimensions = '{}'
                                          AND line.sold_as = 'rebilled') AS rebilled_days,
           jsonb_agg(jsonb_build_array(line.dimensions, lower(line.days), upper(line.days)))
               FILTER (WHERE line.bills AND line.dimensions <> '{}'
                         AND line.sold_as <> 'rebilled') AS matched,
           jsonb_agg(jsonb_build_array(line.dimensions, lower(line.days), upper(line.days)))
               FILTER (WHERE line.bills AND line.dimensions <> '{}'
                         AND line.sold_as = 'rebilled') AS rebilled_matched,
           sum(line.cents) AS revenue, array_agg(line.id ORDER BY line.id) AS lines
    FROM (
        SELECT line.id, line.tenant_id, line.deployment_id, line.resource_kind, line.dimensions,
               CASE line.kind WHEN 'adjustment' THEN line.meta ->> 'adjusts_kind'
                    ELSE line.kind END AS sold_as,
               line.kind <> 'adjustment' OR line.amount_cents > 0 AS bills,
               daterange(line.service_start, line.service_end) AS days,
               (line.amount_cents - coalesce(credited.cents, 0)) * rate.cents AS cents
        FROM tenant_invoices AS invoice
        JOIN tenant_invoice_lines AS line ON line.invoice_id = invoice.id
        JOIN unnest(CAST(:currencies AS text[]), CAST(:rates AS numeric[]))
            AS rate (currency, cents) ON rate.currency = invoice.currency
        LEFT JOIN (SELECT line_id, sum(amount_cents) AS cents FROM credit_note_lines GROUP BY 1)
            AS credited ON credited.line_id = line.id
        WHERE invoice.period >= :start AND invoice.status <> 'void'
          AND invoice.credited_in_full_at IS NULL
          AND line.service_start < :end AND line.service_end > :start
          AND (line.kind IN ('overage', 'ad_hoc', 'rebilled')
               OR line.kind = 'adjustment' AND line.resource_kind <> '')
    ) AS line
    GROUP BY 1, 2, 3
)"""

_IS_LINE_OF: Final = """
EXISTS (
    SELECT FROM jsonb_array_elements({lines}) AS line (matched)
    WHERE usage.day >= (matched ->> 1)::date AND usage.day < (matched ->> 2)::date
      AND NOT EXISTS (
          SELECT FROM jsonb_each_text(matched -> 0) AS allowed (dimension, texts)
          WHERE NOT EXISTS (
              SELECT FROM string_to_table(texts, ', ') AS value
              WHERE usage.dimensions ->> dimension = value
                 OR value LIKE '%*' AND starts_with(
                     coalesce(usage.dimensions ->> dimension, ''), rtrim(value, '*'))))
)"""

_IS_UNSOLD: Final = """
EXISTS (
    SELECT FROM jsonb_array_elements(proven.unsold_usage) AS proof (kinds),
         jsonb_array_elements(kinds -> usage.resource_kind) AS series (said),
         jsonb_array_elements(said -> 1) AS run (days)
    WHERE said -> 0 = usage.dimensions AND usage.day >= (days ->> 0)::date
      AND usage.day < (days ->> 0)::date + (days ->> 1)::integer)
"""

# What became of a day of usage is the first of these that holds: 1 free, 2 on no subscription's
# day, 3 and 4 on a line, 5 not sold, 6 included.
_USED: Final = f"""
is_invoiced AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM tenant_invoices
                   WHERE period = :start AND kind = 'month' AND status <> 'void') AS yes
), used AS MATERIALIZED (
    SELECT tenant_id, deployment_id, resource_kind, qty,
           CASE fate WHEN 1 THEN 'free' WHEN 3 THEN 'rebilled' WHEN 4 THEN 'billed'
                WHEN 6 THEN 'included' ELSE 'unbilled' END AS coverage,
           CASE WHEN fate = 2 AND is_invoiced.yes THEN 'no_subscription'
                WHEN fate = 2 THEN 'not_invoiced'
                WHEN fate = 5 THEN 'not_sold' ELSE '' END AS reason
    FROM (
        SELECT usage.tenant_id, usage.deployment_id, usage.resource_kind, sum(usage.qty) AS qty,
               CASE WHEN proven.trial @> usage.day THEN 1
                    WHEN proven.days @> usage.day IS NOT TRUE THEN 2
                    WHEN sold.rebilled_matched IS NOT NULL
                     AND {_IS_LINE_OF.format(lines="sold.rebilled_matched")} THEN 3
                    WHEN sold.matched IS NOT NULL
                     AND {_IS_LINE_OF.format(lines="sold.matched")} THEN 4
                    WHEN sold.days @> usage.day THEN 4
                    WHEN sold.rebilled_days @> usage.day THEN 3
                    WHEN usage.resource_kind = ANY(proven.unsold) THEN 5
                    WHEN proven.unsold_usage IS NOT NULL AND {_IS_UNSOLD} THEN 5
                    ELSE 6 END AS fate
        FROM daily_usage AS usage
        LEFT JOIN proven USING (tenant_id, deployment_id)
        LEFT JOIN sold USING (tenant_id, deployment_id, resource_kind)
        WHERE usage.day >= :start AND usage.day < :end AND usage.qty > 0
        GROUP BY 1, 2, 3, 5
    ) AS of_kind
    CROSS JOIN is_invoiced
)"""

# Taxes, credits and charges of the account are the operator's own.
# A cost follows the usage of its deployment and kind, in proportion to quantities. Its kind is that
# of its resource: a node that is charged with its cluster is metered as a droplet. The largest
# share takes what rounding the others leaves, so that the shares add up exactly.
_SPENT: Final = """
meters AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:meters AS text[]), CAST(:groups AS text[]))
        AS declared (kind, meter, meter_group)
), spent AS MATERIALIZED (
    SELECT cost.owner, cost.tenant_id, cost.deployment_id,
           coalesce(weighed.meter_group, '') AS meter_group,
           string_agg(DISTINCT cost.kind, ', ') AS kind,
           sum(cost.amount) AS amount
    FROM (
        SELECT CASE WHEN tenant_id <> '' THEN 'tenant'
                    WHEN attribution = 'internal'
                      OR classification IN ('tax', 'credit', 'account') THEN 'internal'
                    ELSE 'unattributed' END AS owner,
               tenant_id, deployment_id,
               CASE kind WHEN '' THEN classification ELSE kind END AS kind,
               coalesce(lived.as_kind, CASE kind WHEN '' THEN classification ELSE kind END)
                   AS metered_as,
               sum(amount_usd) AS amount
        FROM attributed_costs AS cost
        LEFT JOIN (SELECT DISTINCT resource_id, kind AS as_kind FROM resource_spans
                   WHERE period = :start AND pass_id = :pass_id) AS lived
            ON lived.resource_id = cost.resource_id
        WHERE period = :start AND pass_id = :pass_id AND attribution <> 'shared'
        GROUP BY 1, 2, 3, 4, 5
    ) AS cost
    LEFT JOIN (SELECT DISTINCT kind, meter_group FROM meters) AS weighed
        ON weighed.kind = cost.metered_as
    GROUP BY cost.owner, cost.tenant_id, cost.deployment_id, weighed.meter_group,
             CASE WHEN weighed.meter_group IS NULL THEN cost.kind END
), weighed AS MATERIALIZED (
    SELECT spent.*, used.qty,
           coalesce(used.coverage,
                    CASE spent.owner WHEN 'internal' THEN 'internal' ELSE 'unbilled' END)
               AS coverage,
           coalesce(used.reason,
                    CASE WHEN spent.owner = 'internal' THEN ''
                         WHEN spent.owner = 'unattributed' THEN 'unattributed'
                         WHEN spent.deployment_id = '' THEN 'no_deployment'
                         ELSE 'not_metered' END) AS reason,
           round(spent.amount * coalesce(used.qty / sum(used.qty) OVER owned, 1), 10) AS share,
           row_number() OVER (owned ORDER BY used.qty DESC, used.coverage, used.reason) AS rank
    FROM spent LEFT JOIN used
      ON spent.owner = 'tenant' AND used.tenant_id = spent.tenant_id
         AND used.deployment_id = spent.deployment_id AND used.resource_kind = spent.meter_group
    WINDOW owned AS (
        PARTITION BY spent.owner, spent.tenant_id, spent.deployment_id, spent.meter_group,
                     spent.kind)
), covered AS MATERIALIZED (
    SELECT tenant_id, deployment_id, kind, meter_group, coverage, reason, qty,
           CASE WHEN rank > 1 THEN share
                ELSE amount - (sum(share) OVER owned - share) END AS amount
    FROM weighed
    WINDOW owned AS (PARTITION BY owner, tenant_id, deployment_id, meter_group, kind)
)"""

# For this transaction: a million costs are grouped in memory instead of sorted on disk.
_WORK_MEM: Final = text("SELECT set_config('work_mem', '64MB', true)")

_CURRENCIES: Final = text("""
SELECT DISTINCT currency FROM tenant_invoices WHERE period >= :start AND status <> 'void'
""")

_COVERAGE: Final = text(f"""
WITH {_PROVEN}, {_SOLD}, {_USED}, {_SPENT}
SELECT NULL AS resource_kind, coverage, reason, sum(amount) AS amount_usd,
       NULL AS qty
FROM covered GROUP BY 2, 3
UNION ALL
SELECT resource_kind, coverage, reason, NULL, sum(qty)
FROM used GROUP BY 1, 2, 3
ORDER BY 1 NULLS FIRST, 2, 3
""")

# Revenue of all meters of a kind is held against its cost. Usage that the provider does not charge
# for is a part as well, with the cost that the operator states for it; without one, what is lost by
# it is unknown where it is not billed.
_PARTS: Final = text(f"""
WITH {_PROVEN}, {_SOLD}, {_USED}, {_SPENT}, earned AS MATERIALIZED (
    SELECT sold.tenant_id, sold.deployment_id, weighed.meter_group, sum(sold.revenue) AS revenue,
           string_to_array(string_agg(array_to_string(sold.lines, ' '), ' '), ' ') AS lines
    FROM sold
    JOIN (SELECT DISTINCT meter, meter_group FROM meters) AS weighed
        ON weighed.meter = sold.resource_kind
    GROUP BY 1, 2, 3
), parts AS (
    SELECT covered.tenant_id, covered.deployment_id, kind, covered.meter_group AS resource_kind,
           coverage, reason, qty, amount AS cost, amount * :usd_cents AS cost_cents,
           CASE WHEN coverage IN ('billed', 'rebilled') THEN earned.revenue END AS revenue,
           CASE WHEN coverage IN ('billed', 'rebilled') THEN earned.lines END AS lines
    FROM covered LEFT JOIN earned USING (tenant_id, deployment_id, meter_group)
    UNION ALL
    SELECT used.tenant_id, used.deployment_id, '', used.resource_kind, coverage, reason, qty,
           NULL, qty * stated.cents / stated.units,
           CASE WHEN coverage IN ('billed', 'rebilled') THEN sold.revenue END,
           CASE WHEN coverage IN ('billed', 'rebilled') THEN sold.lines::text[] END
    FROM used LEFT JOIN sold USING (tenant_id, deployment_id, resource_kind)
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
)
SELECT place, tenant_id, deployment_id, kind, resource_kind, coverage,
       CASE WHEN coverage IN ('billed', 'rebilled') AND lost > 0 THEN 'below_cost'
            ELSE reason END AS reason,
       cost AS cost_usd, round(cost_cents)::bigint AS cost_cents,
       round(revenue)::bigint AS revenue_cents, round(lost)::bigint AS lost_cents, qty,
       coalesce(lines, '{{}}') AS invoice_line_ids
FROM ranked WHERE place > :after ORDER BY place LIMIT :limit
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
