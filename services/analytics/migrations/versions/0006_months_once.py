"""A month's partitions are made once, also when several sessions need them first at once.

Who waited for the lock looked again with `to_regclass`, which answers from a cache that the
wait does not renew: it made the table a second time, and failed. A query sees what is there.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PARTITIONS = """
CREATE OR REPLACE FUNCTION prepare_month(parents text[], month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', month);
    parent    text;
    partition text;
BEGIN
    IF first_day < date '2000-01-01' OR first_day >= date '2200-01-01' THEN
        RAISE EXCEPTION 'nothing is used or billed in the month %', first_day
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH parent IN ARRAY parents LOOP
        IF parent NOT IN ('usage_facts', 'daily_usage', 'usage_events', 'resource_spans',
                          'attributed_costs') THEN
            RAISE EXCEPTION '% has no months', parent USING ERRCODE = 'invalid_parameter_value';
        END IF;
        partition := parent || '_' || to_char(first_day, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('prepare_month', 0));
        CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = partition
                              AND relnamespace = 'partitions'::regnamespace);
        EXECUTE format(
            'CREATE TABLE partitions.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
            partition, parent, first_day, (first_day + interval '1 month')::date);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(PARTITIONS)
