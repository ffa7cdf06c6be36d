"""List prices of providers, effective-dated, and their changes."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PRICES = """
CREATE TABLE list_prices (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    provider       text        NOT NULL,
    meter          text        NOT NULL,
    dimensions     text        NOT NULL,
    usd            numeric     NOT NULL,
    per_qty        numeric     NOT NULL,
    source         text        NOT NULL,
    effective_from date        NOT NULL,
    effective_to   date,
    set_until      date,
    continues      uuid,
    superseded_at  timestamptz,
    recorded_by    text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT list_prices_pkey PRIMARY KEY (id),
    CONSTRAINT list_prices_meter_check CHECK (meter ~ '^[a-z][a-z0-9_]{0,62}$'),
    CONSTRAINT list_prices_usd_check CHECK (usd >= 0),
    CONSTRAINT list_prices_per_qty_check CHECK (per_qty > 0),
    CONSTRAINT list_prices_source_check CHECK (source IN ('api', 'declared')),
    CONSTRAINT list_prices_span_check CHECK (effective_to > effective_from),
    CONSTRAINT list_prices_no_overlap EXCLUDE USING gist (
        provider WITH =, meter WITH =, dimensions WITH =,
        daterange(effective_from, effective_to) WITH &&
    ) WHERE (superseded_at IS NULL)
);
GRANT SELECT, INSERT, UPDATE ON list_prices TO catalog;
ALTER TABLE list_prices ENABLE ROW LEVEL SECURITY;
"""

# What became of a price and of our margins then: never rewritten.
CHANGES = """
CREATE TABLE list_price_changes (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    before_id      uuid        NOT NULL,
    after_id       uuid        NOT NULL,
    effective_on   date        NOT NULL,
    changed_by     text        NOT NULL,
    changed_at     timestamptz NOT NULL,
    margin_effects jsonb       NOT NULL,
    CONSTRAINT list_price_changes_pkey PRIMARY KEY (id),
    CONSTRAINT list_price_changes_before_fkey FOREIGN KEY (before_id) REFERENCES list_prices (id),
    CONSTRAINT list_price_changes_after_fkey FOREIGN KEY (after_id) REFERENCES list_prices (id)
);
GRANT SELECT, INSERT ON list_price_changes TO catalog;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON list_price_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON list_price_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE list_price_changes ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE list_price_changes ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE list_price_changes ENABLE ROW LEVEL SECURITY;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(PRICES)
    op.execute(CHANGES)
    # A tenant's quote at cost plus a margin is priced from list prices.
    op.execute("CREATE POLICY readable ON list_prices FOR SELECT TO catalog USING (true)")
    op.execute(f"CREATE POLICY changeable ON list_prices TO catalog USING ({OF_OPERATOR})")
    op.execute(f"CREATE POLICY visible ON list_price_changes TO catalog USING ({OF_OPERATOR})")
