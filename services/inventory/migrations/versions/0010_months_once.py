"""A month's partitions are made once, also when several sessions need them first at once.

Who waited for the lock looked again with `to_regclass`, which answers from a cache that the
wait does not renew: it made the table a second time, and failed. A query sees what is there.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PARTITIONS = """
CREATE OR REPLACE FUNCTION prepare_event_months(ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    month      timestamp;
    partition  text;
BEGIN
    FOR i IN 0 .. ahead LOOP
        month := this_month + make_interval(months => i);
        partition := 'cloud_resource_events_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('partitions.' || partition) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('prepare_event_months', 0));
        CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = partition
                              AND relnamespace = 'partitions'::regnamespace);
        EXECUTE format(
            'CREATE TABLE partitions.%I PARTITION OF public.cloud_resource_events'
            ' FOR VALUES FROM (%L) TO (%L)',
            partition,
            month AT TIME ZONE 'UTC',
            (month + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format(
            'CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON partitions.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_rewriting_history()',
            partition);
        EXECUTE format(
            'ALTER TABLE partitions.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(PARTITIONS)
