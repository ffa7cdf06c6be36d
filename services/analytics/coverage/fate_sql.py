"""SQL of coverage: the parts of the statements that say what became of usage and of costs."""

from typing import Final

__all__ = ["PROVEN", "SOLD", "SPENT", "USED"]

# `on_bill` are the meters whose usage is left to the provider's bill, by the kind's first meter.
# Proofs from before covered days were kept cover their month: that release billed all usage.
PROVEN: Final = """
proven AS MATERIALIZED (
    SELECT invoice.tenant_id, proof.deployment_id,
           range_agg(coalesce(proof.covered_days, datemultirange(daterange(:start, :end)))) AS days,
           range_agg(trial.days) FILTER (WHERE NOT isempty(trial.days)) AS trial,
           jsonb_path_query_array(jsonb_agg(item.rows), '$[*][*]') AS items,
           string_to_array(string_agg(array_to_string(proof.unsold_kinds, ' '), ' '), ' ')
               AS unsold,
           string_to_array(string_agg(on_bill.meters, ' '), ' ') AS on_bill,
           jsonb_agg(proof.unsold_usage) FILTER (WHERE proof.unsold_usage <> '{}') AS unsold_usage
    FROM tenant_invoices AS invoice
    JOIN tenant_invoice_proofs AS proof ON proof.invoice_id = invoice.id
    CROSS JOIN LATERAL (
        SELECT coalesce(range_agg(daterange((span ->> 0)::date, (span ->> 1)::date)),
                        '{}'::datemultirange) AS days
        FROM jsonb_array_elements(
            proof.inputs_json::jsonb -> 'calendar' -> 'trial_days') AS trial_days (span)
    ) AS trial
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(
                   split_part(named.row, '[', 1), said -> 'match', span ->> 0, span ->> 1)), '[]')
                   AS rows
        FROM jsonb_path_query(proof.inputs_json::jsonb, '$.terms[*]') AS terms (term)
        CROSS JOIN jsonb_path_query(term, '$.days[*]') AS days (span)
        CROSS JOIN jsonb_each(term -> 'plan_version' -> 'items') AS named (row, said)
        WHERE said ? 'match'
    ) AS item
    CROSS JOIN LATERAL (
        SELECT string_agg(meter, ' ') AS meters
        FROM jsonb_path_query(
                 proof.inputs_json::jsonb, '$.rebilling.bill_rules[*]') AS rules (rule),
             jsonb_array_elements_text(rule -> 'meters') AS measured (meter)
        WHERE proof.rebills_costs AND meter = ANY(CAST(:groups AS text[]))
          AND ((rule ->> 'takes_all')::boolean OR NOT EXISTS (
              SELECT FROM jsonb_path_query(
                              proof.inputs_json::jsonb, '$.terms[*].plan_version.items')
                              AS terms (items), jsonb_object_keys(items) AS named (row)
              WHERE split_part(named.row, '[', 1) = meter) AND NOT EXISTS (
              SELECT FROM jsonb_path_query(proof.inputs_json::jsonb, '$.addons[*]') AS held (addon)
              WHERE addon ->> 'resource_kind' = meter))
    ) AS on_bill
    WHERE invoice.period >= :start AND invoice.status <> 'void'
      AND invoice.credited_in_full_at IS NULL AND proof.subscription_id <> ''
      AND coalesce(proof.service_month, invoice.period) = :start
    GROUP BY 1, 2
)"""

# A line with dimensions bills usage with the values that its price allows. What an adjustment takes
# back lessens the revenue, and bills nothing.
SOLD: Final = """
lines AS MATERIALIZED (
    SELECT line.id, line.tenant_id, line.deployment_id, line.resource_kind, line.dimensions,
           CASE line.kind WHEN 'adjustment' THEN line.meta ->> 'adjusts_kind'
                ELSE line.kind END AS sold_as,
           line.kind <> 'adjustment' OR line.amount_cents > 0 AS bills,
           daterange(line.service_start, line.service_end) AS days,
           CASE WHEN line.meta ->> 'costs_hash' IS NOT NULL THEN line.meta ->> 'product' END
               AS product,
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
), sold AS MATERIALIZED (
    SELECT line.tenant_id, line.deployment_id, line.resource_kind,
           range_agg(line.days) FILTER (WHERE line.bills AND line.dimensions = '{}'
                                          AND line.sold_as <> 'rebilled') AS days,
           range_agg(line.days) FILTER (WHERE line.bills AND line.dimensions = '{}'
                                          AND line.sold_as = 'rebilled') AS rebilled_days,
           jsonb_agg(jsonb_build_array(line.dimensions, lower(line.days), upper(line.days),
                                       line.sold_as))
               FILTER (WHERE line.bills AND line.dimensions <> '{}'
                         AND line.sold_as <> 'rebilled') AS matched,
           jsonb_agg(jsonb_build_array(line.dimensions, lower(line.days), upper(line.days)))
               FILTER (WHERE line.bills AND line.dimensions <> '{}'
                         AND line.sold_as = 'rebilled') AS rebilled_matched
    FROM lines AS line
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
                     coalesce(usage.dimensions ->> dimension, ''), rtrim(value, '*')))){further}
)"""

# Whether a plan item with a match takes usage from a line that is less specific. A line of its own
# would be found before, so the item has none: its allowance covers the usage.
_HAS_ITEM: Final = """
EXISTS (
    SELECT FROM jsonb_array_elements(proven.items) AS item (taken)
    WHERE taken ->> 0 = usage.resource_kind
      AND usage.day >= (taken ->> 2)::date AND usage.day < (taken ->> 3)::date
      AND NOT EXISTS (
          SELECT FROM jsonb_each(taken -> 1) AS allowed (dimension, texts)
          WHERE NOT EXISTS (
              SELECT FROM jsonb_array_elements_text(texts) AS value
              WHERE usage.dimensions ->> dimension = value
                 OR value LIKE '%*' AND starts_with(
                     coalesce(usage.dimensions ->> dimension, ''), rtrim(value, '*')))){further}
)"""

_TAKES_ALL: Final = _HAS_ITEM.format(further="")

# The ranks of `specificity`: the number of keys, and of those matched exactly. An item takes usage
# before any resource price.
_IS_BILLED: Final = _IS_LINE_OF.format(
    lines="sold.matched",
    further=f"""
      AND NOT {
        _HAS_ITEM.format(
            further='''
      AND (matched ->> 3 = 'ad_hoc' OR (
              SELECT ARRAY[count(*), count(*) FILTER (WHERE texts ? (usage.dimensions ->> named))]
              FROM jsonb_each(taken -> 1) AS of_item (named, texts)
          ) > (
              SELECT ARRAY[count(*), count(*) FILTER (
                  WHERE usage.dimensions ->> named = ANY(string_to_array(texts, ', ')))]
              FROM jsonb_each_text(matched -> 0) AS of_line (named, texts)))'''
        )
    }""",
)

_IS_UNSOLD: Final = """
EXISTS (
    SELECT FROM jsonb_array_elements(proven.unsold_usage) AS proof (kinds),
         jsonb_array_elements(kinds -> usage.resource_kind) AS series (said),
         jsonb_array_elements(said -> 1) AS run (days)
    WHERE said -> 0 = usage.dimensions AND usage.day >= (days ->> 0)::date
      AND usage.day < (days ->> 0)::date + (days ->> 1)::integer)
"""

# What became of a day of usage is the first of these that holds: 1 free, 2 on no subscription's
# day, 3 and 4 on a line, 5 not sold, 7 left to the bill without a line, 6 included.
USED: Final = f"""
is_invoiced AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM tenant_invoices
                   WHERE period = :start AND kind = 'month' AND status <> 'void') AS yes
), used AS MATERIALIZED (
    SELECT tenant_id, deployment_id, resource_kind, qty,
           CASE fate WHEN 1 THEN 'free' WHEN 3 THEN 'rebilled' WHEN 4 THEN 'billed'
                WHEN 6 THEN 'included' ELSE 'unbilled' END AS coverage,
           CASE WHEN fate = 2 AND is_invoiced.yes THEN 'no_subscription'
                WHEN fate = 2 THEN 'not_invoiced'
                WHEN fate = 5 THEN 'not_sold'
                WHEN fate = 7 THEN 'not_on_bill' ELSE '' END AS reason
    FROM (
        SELECT usage.tenant_id, usage.deployment_id, usage.resource_kind, sum(usage.qty) AS qty,
               CASE WHEN proven.trial @> usage.day THEN 1
                    WHEN proven.days @> usage.day IS NOT TRUE THEN 2
                    WHEN sold.rebilled_matched IS NOT NULL
                     AND {_IS_LINE_OF.format(lines="sold.rebilled_matched", further="")} THEN 3
                    WHEN sold.matched IS NOT NULL
                     AND {_IS_BILLED} THEN 4
                    WHEN sold.days @> usage.day AND NOT {_TAKES_ALL} THEN 4
                    WHEN sold.rebilled_days @> usage.day THEN 3
                    WHEN usage.resource_kind = ANY(proven.unsold) THEN 5
                    WHEN proven.unsold_usage IS NOT NULL AND {_IS_UNSOLD} THEN 5
                    WHEN usage.resource_kind = ANY(proven.on_bill)
                     AND sold.rebilled_matched IS NULL AND sold.rebilled_days IS NULL THEN 7
                    ELSE 6 END AS fate
        FROM daily_usage AS usage
        LEFT JOIN proven USING (tenant_id, deployment_id)
        LEFT JOIN sold USING (tenant_id, deployment_id, resource_kind)
        WHERE usage.day >= :start AND usage.day < :end AND usage.qty > 0
        GROUP BY 1, 2, 3, 5
    ) AS of_kind
    CROSS JOIN is_invoiced
)"""

# An owner is 1, a tenant; 2, the operator, whose own are taxes, credits and charges of the account;
# or 3, unknown. A million costs are grouped faster by a number, and by NULL for the usual kind,
# than by more texts.
# A cost follows the usage of its deployment and kind, in proportion to quantities. Its kind is that
# of its resource: a node that is charged with its cluster is metered as a droplet. The largest
# share takes what rounding the others leaves, so that the shares add up exactly. What invoices
# rebill of costs is taken off before that; where the bill has less of them by now, less than
# nothing is left, until it is credited.
SPENT: Final = """
meters AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:meters AS text[]), CAST(:groups AS text[]))
        AS declared (kind, meter, meter_group)
), rebilled AS MATERIALIZED (
    SELECT tenant_id, deployment_id, product, sum(billed_usd) AS amount
    FROM rebilled_costs
    WHERE period = :start AND released_at IS NULL
    GROUP BY 1, 2, 3
), spent AS MATERIALIZED (
    SELECT cost.owner, cost.tenant_id, cost.deployment_id,
           coalesce(weighed.meter_group, '') AS meter_group,
           string_agg(DISTINCT cost.kind, ', ') AS kind,
           sum(cost.amount) AS amount
    FROM (
        SELECT CASE WHEN tenant_id <> '' THEN 1
                    WHEN attribution = 'internal'
                      OR classification IN ('tax', 'credit', 'account') THEN 2
                    ELSE 3 END AS owner,
               tenant_id, deployment_id,
               CASE kind WHEN '' THEN classification ELSE kind END AS kind,
               nullif(lived.as_kind, kind) AS metered_as,
               sum(amount_usd) AS amount
        FROM attributed_costs AS cost
        LEFT JOIN (SELECT DISTINCT resource_id, kind AS as_kind FROM resource_spans
                   WHERE period = :start AND pass_id = :pass_id) AS lived
            ON lived.resource_id = cost.resource_id
        WHERE period = :start AND pass_id = :pass_id AND attribution <> 'shared'
        GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT 1, tenant_id, deployment_id, product, NULL, -amount FROM rebilled
    ) AS cost
    LEFT JOIN (SELECT DISTINCT kind, meter_group FROM meters) AS weighed
        ON weighed.kind = coalesce(cost.metered_as, cost.kind)
    GROUP BY cost.owner, cost.tenant_id, cost.deployment_id, weighed.meter_group,
             CASE WHEN weighed.meter_group IS NULL THEN cost.kind END
    HAVING sum(cost.amount) <> 0
        OR (cost.tenant_id, cost.deployment_id)
           NOT IN (SELECT tenant_id, deployment_id FROM rebilled)
), weighed AS (
    SELECT spent.*, used.qty,
           coalesce(used.coverage,
                    CASE spent.owner WHEN 2 THEN 'internal' ELSE 'unbilled' END)
               AS coverage,
           coalesce(used.reason,
                    CASE WHEN spent.owner = 2 THEN ''
                         WHEN spent.owner = 3 THEN 'unattributed'
                         WHEN spent.deployment_id = '' THEN 'no_deployment'
                         ELSE 'not_metered' END) AS reason,
           round(spent.amount * coalesce(used.qty / sum(used.qty) OVER owned, 1), 10) AS share,
           row_number() OVER (owned ORDER BY used.qty DESC, used.coverage, used.reason) AS rank
    FROM spent LEFT JOIN used
      ON spent.owner = 1 AND used.tenant_id = spent.tenant_id
         AND used.deployment_id = spent.deployment_id AND used.resource_kind = spent.meter_group
    WINDOW owned AS (
        PARTITION BY spent.owner, spent.tenant_id, spent.deployment_id, spent.meter_group,
                     spent.kind)
), covered AS (
    SELECT tenant_id, deployment_id, kind, meter_group, coverage, reason, qty,
           CASE WHEN rank > 1 THEN share
                ELSE amount - (sum(share) OVER owned - share) END AS amount, NULL AS product
    FROM weighed
    WINDOW owned AS (PARTITION BY owner, tenant_id, deployment_id, meter_group, kind)
    UNION ALL
    SELECT tenant_id, deployment_id, product, coalesce(weighed.meter_group, ''), 'rebilled', '',
           NULL, amount, product
    FROM rebilled
    LEFT JOIN (SELECT DISTINCT kind, meter_group FROM meters) AS weighed ON weighed.kind = product
)"""
