"""What lines are matched with while a run lasts, and what months come to, kept up to date.

The candidates are a projection of the inventory, looked up once for all lines of an invoice
and forgotten with the last page: unlogged, since a crash costs no more than another look.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CANDIDATES = """
CREATE UNLOGGED TABLE cloud_match_runs (
    scope_id    uuid        NOT NULL,
    prepared_at timestamptz NOT NULL,
    CONSTRAINT cloud_match_runs_pkey PRIMARY KEY (scope_id)
);
CREATE UNLOGGED TABLE cloud_match_candidates (
    scope_id     uuid        NOT NULL,
    resource_id  uuid        NOT NULL,
    kind         text        NOT NULL,
    provider_id  text        NOT NULL,
    project_id   uuid,
    project_name text        NOT NULL,
    lived_from   timestamptz NOT NULL,
    lived_to     timestamptz,
    CONSTRAINT cloud_match_candidates_pkey PRIMARY KEY (scope_id, resource_id)
);
CREATE INDEX cloud_match_candidates_id_idx
    ON cloud_match_candidates (scope_id, provider_id, kind);
CREATE UNLOGGED TABLE cloud_match_names (
    scope_id    uuid        NOT NULL,
    resource_id uuid        NOT NULL,
    kind        text        NOT NULL,
    name_key    text        NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz,
    CONSTRAINT cloud_match_names_pkey PRIMARY KEY (scope_id, resource_id, valid_from)
);
CREATE INDEX cloud_match_names_name_idx ON cloud_match_names (scope_id, name_key, kind);
CREATE UNLOGGED TABLE cloud_match_owners (
    scope_id      uuid        NOT NULL,
    resource_id   uuid        NOT NULL,
    tenant_id     text,
    deployment_id text,
    valid_from    timestamptz NOT NULL,
    CONSTRAINT cloud_match_owners_pkey PRIMARY KEY (scope_id, resource_id, valid_from)
);
"""

# A row for each value that a month's lines share, of each invoice and of all together: a
# page of totals is read in the order in which it lies.
TOTALS = """
CREATE TABLE cloud_invoice_totals (
    period              date    NOT NULL,
    provider_invoice_id uuid    NOT NULL,
    grouped_by          text    NOT NULL,
    value               text    NOT NULL,
    amount_usd          numeric NOT NULL,
    line_count          bigint  NOT NULL,
    CONSTRAINT cloud_invoice_totals_pkey
        PRIMARY KEY (period, provider_invoice_id, grouped_by, value)
);
CREATE TABLE cloud_month_totals (
    period     date    NOT NULL,
    grouped_by text    NOT NULL,
    value      text    NOT NULL,
    amount_usd numeric NOT NULL,
    line_count bigint  NOT NULL,
    CONSTRAINT cloud_month_totals_pkey PRIMARY KEY (period, grouped_by, value)
);
CREATE INDEX cloud_month_totals_amount_idx
    ON cloud_month_totals (period, grouped_by, amount_usd DESC, value);
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

TABLES = (
    "cloud_match_runs",
    "cloud_match_candidates",
    "cloud_match_names",
    "cloud_match_owners",
    "cloud_invoice_totals",
    "cloud_month_totals",
)


def upgrade() -> None:
    op.execute(CANDIDATES)
    op.execute(TOTALS)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, DELETE, MAINTAIN ON {table} TO billing")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO billing USING ({OF_OPERATOR})")
