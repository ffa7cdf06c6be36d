"""Limits of tenants: what operators set, and how many quotes a tenant made in a day.

Setting a limit adds a row, and the newest row of a limit holds: the others are its history.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LIMITS = """
CREATE TABLE tenant_limits (
    id        bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id text        NOT NULL,
    name      text        NOT NULL,
    value     bigint,
    ends_on   date,
    set_by    text        NOT NULL,
    reason    text        NOT NULL DEFAULT '',
    set_at    timestamptz NOT NULL,
    CONSTRAINT tenant_limits_pkey PRIMARY KEY (id),
    CONSTRAINT tenant_limits_value_check CHECK (value >= 0)
);
CREATE INDEX tenant_limits_tenant_idx ON tenant_limits (tenant_id, name, id DESC);
GRANT SELECT, INSERT ON tenant_limits TO catalog;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tenant_limits
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON tenant_limits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history();
ALTER TABLE tenant_limits ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE tenant_limits ENABLE ALWAYS TRIGGER append_only_truncate;
ALTER TABLE tenant_limits ENABLE ROW LEVEL SECURITY;
"""

# Counts within the day only: what is older is forgotten by the next day's first quote.
QUOTES = """
CREATE TABLE quote_counts (
    tenant_id text    NOT NULL,
    day       date    NOT NULL,
    made      bigint  NOT NULL,
    CONSTRAINT quote_counts_pkey PRIMARY KEY (tenant_id, day)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON quote_counts TO catalog;
ALTER TABLE quote_counts ENABLE ROW LEVEL SECURITY;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute(QUOTES)
    # A tenant sees its limits, and sets none itself.
    op.execute(f"CREATE POLICY visible ON tenant_limits FOR SELECT TO catalog USING ({OF_TENANT})")
    op.execute(f"CREATE POLICY changeable ON tenant_limits TO catalog USING ({OF_OPERATOR})")
    op.execute(f"CREATE POLICY visible ON quote_counts TO catalog USING ({OF_TENANT})")
