"""Stored quotes: append-only, in monthly partitions.

A quote is written once and read by its id, which says its day. A month that is old enough
goes by dropping its partition, without a delete.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

QUOTES = """
CREATE TABLE quotes (
    id              uuid        NOT NULL,
    quoted_on       date        NOT NULL,
    tenant_id       text        NOT NULL,
    requested_by    text        NOT NULL,
    subscription_id uuid,
    inputs_json     text        NOT NULL,
    inputs_hash     text        NOT NULL,
    engine_version  text        NOT NULL,
    result_hash     text        NOT NULL,
    answer          bytea       NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT quotes_pkey PRIMARY KEY (id, quoted_on),
    CONSTRAINT quotes_day_check
        CHECK (quoted_on = (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date)
) PARTITION BY RANGE (quoted_on);
GRANT SELECT, INSERT ON quotes TO catalog;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON quotes
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE quotes ENABLE ALWAYS TRIGGER append_only;
"""

# As in the inventory: the partitions have a schema of their own, on which nobody but the
# owner has a right, so that every access goes through the parent and its policies.
PARTITIONS = """
CREATE SCHEMA partitions;

CREATE FUNCTION prepare_quote_month(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', day);
    partition text := 'quotes_' || to_char(first_day, 'YYYY_MM');
BEGIN
    IF first_day < date '2000-01-01' OR first_day >= date '2200-01-01' THEN
        RAISE EXCEPTION 'nothing is quoted in the month %', first_day
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass('partitions.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('prepare_quote_month', 0));
    -- Who waited may not have been told yet that the partition is there: it is looked for again.
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS partitions.%I PARTITION OF public.quotes'
        ' FOR VALUES FROM (%L) TO (%L)',
        partition, first_day, (first_day + interval '1 month')::date);
END $$;
REVOKE ALL ON FUNCTION prepare_quote_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_quote_month(date) TO catalog;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""


def upgrade() -> None:
    op.execute(QUOTES)
    op.execute(PARTITIONS)
    op.execute("ALTER TABLE quotes ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON quotes TO catalog USING ({OF_TENANT})")
