"""Event meters of the operator, and what their units cost, effective from a month."""

from alembic import op

from services.common.audit.tables import watched

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

METERS = """
CREATE TABLE meters (
    code        text        NOT NULL,
    name        text        NOT NULL,
    units       jsonb       NOT NULL,
    aggregation text        NOT NULL,
    basis       text        NOT NULL,
    dimensions  text[]      NOT NULL DEFAULT '{}',
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz,
    CONSTRAINT meters_pkey PRIMARY KEY (code),
    CONSTRAINT meters_code_check CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    CONSTRAINT meters_units_check CHECK (jsonb_typeof(units) = 'object'),
    CONSTRAINT meters_aggregation_check
        CHECK (aggregation IN ('sum', 'time_weighted', 'max', 'latest', 'unique')),
    CONSTRAINT meters_basis_check CHECK (
        CASE aggregation WHEN 'time_weighted' THEN basis IN ('hours', 'months')
                         ELSE basis = 'events' END
    )
);
GRANT SELECT, INSERT, UPDATE ON meters TO catalog;
ALTER TABLE meters ENABLE ROW LEVEL SECURITY;
"""

# Usage and prices have their meaning by the meter.
FIXED = """
CREATE FUNCTION refuse_changing_meters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE'
       OR (NEW.code, NEW.aggregation, NEW.basis) IS DISTINCT FROM
          (OLD.code, OLD.aggregation, OLD.basis)
       OR NOT NEW.units @> OLD.units OR NOT NEW.dimensions @> OLD.dimensions
       OR OLD.retired_at IS NOT NULL THEN
        RAISE EXCEPTION '% on %: a meter keeps its meaning', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps_its_meaning BEFORE UPDATE OR DELETE ON meters
    FOR EACH ROW EXECUTE FUNCTION refuse_changing_meters();
CREATE TRIGGER keeps_its_meaning_truncate BEFORE TRUNCATE ON meters
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_meters();
ALTER TABLE meters ENABLE ALWAYS TRIGGER keeps_its_meaning;
ALTER TABLE meters ENABLE ALWAYS TRIGGER keeps_its_meaning_truncate;
"""

COSTS = """
CREATE TABLE meter_costs (
    id              uuid        NOT NULL DEFAULT uuidv7(),
    meter_code      text        NOT NULL,
    unit            text        NOT NULL,
    unit_cost_cents numeric     NOT NULL,
    currency        text        NOT NULL,
    effective_from  date        NOT NULL,
    effective_to    date,
    set_until       date,
    continues       uuid,
    superseded_at   timestamptz,
    created_by      text        NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT meter_costs_pkey PRIMARY KEY (id),
    CONSTRAINT meter_costs_cents_check CHECK (unit_cost_cents >= 0),
    CONSTRAINT meter_costs_span_check CHECK (effective_to > effective_from),
    CONSTRAINT meter_costs_no_overlap EXCLUDE USING gist (
        meter_code WITH =, daterange(effective_from, effective_to) WITH &&
    ) WHERE (superseded_at IS NULL)
);
GRANT SELECT, INSERT, UPDATE ON meter_costs TO catalog;
ALTER TABLE meter_costs ENABLE ROW LEVEL SECURITY;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(METERS)
    op.execute(FIXED)
    op.execute(COSTS)
    # A tenant's quote is priced by the units of meters, but never shows what they cost.
    op.execute("CREATE POLICY readable ON meters FOR SELECT TO catalog USING (true)")
    op.execute(f"CREATE POLICY changeable ON meters TO catalog USING ({OF_OPERATOR})")
    op.execute(f"CREATE POLICY operators ON meter_costs TO catalog USING ({OF_OPERATOR})")
    op.execute(watched("meters"))
    op.execute(watched("meter_costs"))
