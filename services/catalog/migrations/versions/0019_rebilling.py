"""Rebilling rules, effective from a month."""

from alembic import op

from services.common.audit.tables import watched

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

RULES = """
CREATE TABLE rebilling_rules (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    code           text        NOT NULL,
    basis          text        NOT NULL,
    match          jsonb       NOT NULL,
    percent        numeric     NOT NULL,
    fixed_cents    numeric     NOT NULL,
    step_cents     numeric     NOT NULL,
    floor_cents    numeric     NOT NULL,
    currency       text        NOT NULL,
    takes_all      boolean     NOT NULL,
    effective_from date        NOT NULL,
    effective_to   date,
    set_until      date,
    continues      uuid,
    superseded_at  timestamptz,
    created_by     text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT rebilling_rules_pkey PRIMARY KEY (id),
    CONSTRAINT rebilling_rules_basis_check CHECK (basis IN ('list', 'bill')),
    CONSTRAINT rebilling_rules_percent_check CHECK (percent >= 0),
    CONSTRAINT rebilling_rules_cents_check
        CHECK (fixed_cents >= 0 AND step_cents >= 0 AND floor_cents >= 0),
    CONSTRAINT rebilling_rules_span_check CHECK (effective_to > effective_from),
    CONSTRAINT rebilling_rules_no_overlap EXCLUDE USING gist (
        code WITH =, daterange(effective_from, effective_to) WITH &&
    ) WHERE (superseded_at IS NULL)
);
GRANT SELECT, INSERT, UPDATE ON rebilling_rules TO catalog;
ALTER TABLE rebilling_rules ENABLE ROW LEVEL SECURITY;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(RULES)
    # A tenant's quote is priced by them.
    op.execute("CREATE POLICY readable ON rebilling_rules FOR SELECT TO catalog USING (true)")
    op.execute(f"CREATE POLICY changeable ON rebilling_rules TO catalog USING ({OF_OPERATOR})")
    op.execute(watched("rebilling_rules"))
