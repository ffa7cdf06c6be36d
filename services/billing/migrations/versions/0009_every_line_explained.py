"""Unknown products, a line's shares and region, a summary's parts, waivers, the whole history.

A line that was ingested before keeps its classification until its invoice is ingested again; its
match and its shares follow with the next matching.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LINES = """
ALTER TABLE cloud_cost_lines
    ADD COLUMN shares jsonb, ADD COLUMN region text NOT NULL DEFAULT '';
ALTER TABLE cloud_match_candidates ADD COLUMN region text NOT NULL DEFAULT '';
ALTER TABLE cloud_cost_lines DROP CONSTRAINT cloud_cost_lines_classification_check;
ALTER TABLE cloud_cost_lines ADD CONSTRAINT cloud_cost_lines_classification_check
    CHECK (classification IN ('resource', 'shared', 'account', 'tax', 'credit', 'unknown'));
CREATE INDEX cloud_cost_lines_shared_idx
    ON cloud_cost_lines (period, id) WHERE shares IS NOT NULL;
"""

# A waived invoice is due no longer, whatever became of its ingest.
INVOICES = """
ALTER TABLE cloud_invoices
    ADD COLUMN summary_charges_usd  numeric,
    ADD COLUMN summary_overages_usd numeric,
    ADD COLUMN summary_taxes_usd    numeric,
    ADD COLUMN summary_credits_usd  numeric,
    ADD COLUMN waived_at            timestamptz,
    ADD COLUMN waived_by            text NOT NULL DEFAULT '',
    ADD COLUMN waive_reason         text NOT NULL DEFAULT '';
DROP INDEX cloud_invoices_pending_idx;
CREATE INDEX cloud_invoices_pending_idx ON cloud_invoices (issued_at, id)
    WHERE (ingest_status <> 'ingested' OR matched_at IS NULL) AND waived_at IS NULL;
"""

# The provider gives its entries no id: an entry is what it says, and the n-th of those that say
# the same. One that cannot be read is kept too, with the reason in the place of its amount.
HISTORY = """
CREATE TABLE cloud_history_walks (
    key         text        NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT cloud_history_walks_pkey PRIMARY KEY (key)
);
CREATE INDEX cloud_history_walks_finished_idx ON cloud_history_walks (finished_at);
GRANT SELECT, INSERT, UPDATE ON cloud_history_walks TO billing;

CREATE TABLE cloud_history_entries (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    fingerprint    text        NOT NULL,
    ordinal        bigint      NOT NULL,
    type           text        NOT NULL,
    description    text        NOT NULL,
    amount_usd     numeric,
    invoice_number text        NOT NULL,
    invoice_uuid   text        NOT NULL,
    occurred_at    timestamptz,
    unreadable     text        NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    listed_at      timestamptz NOT NULL,
    CONSTRAINT cloud_history_entries_pkey PRIMARY KEY (id),
    CONSTRAINT cloud_history_entries_said_key UNIQUE (fingerprint, ordinal),
    CONSTRAINT cloud_history_entries_read_check
        CHECK ((unreadable = '') = (amount_usd IS NOT NULL AND occurred_at IS NOT NULL))
);
CREATE INDEX cloud_history_entries_listed_idx ON cloud_history_entries (listed_at, id);
CREATE INDEX cloud_history_entries_seen_idx ON cloud_history_entries (last_seen_at);
GRANT SELECT, INSERT, UPDATE ON cloud_history_entries TO billing;
"""

OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    for statements in (LINES, INVOICES, HISTORY):
        op.execute(statements)
    for table in ("cloud_history_walks", "cloud_history_entries"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO billing USING ({OF_OPERATOR})")
