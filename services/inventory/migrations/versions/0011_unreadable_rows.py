"""Rows that cannot be read are recorded, totals accepted, and kinds claimed by one sync."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNREADABLE = """
ALTER TABLE cloud_sweeps
    ADD COLUMN unreadable_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN total_difference bigint,
    DROP CONSTRAINT cloud_sweeps_outcome_check,
    ADD CONSTRAINT cloud_sweeps_outcome_check CHECK (outcome IN
        ('running', 'completed', 'partial', 'incomplete', 'frozen', 'halted', 'failed'));
UPDATE cloud_sweeps SET total_difference = reported_total - seen_count
WHERE outcome IN ('completed', 'incomplete', 'frozen', 'halted');

CREATE TABLE cloud_sweep_unreadable (
    sweep_id    uuid NOT NULL,
    place       text NOT NULL,
    provider_id text NOT NULL DEFAULT '',
    reason      text NOT NULL,
    CONSTRAINT cloud_sweep_unreadable_pkey PRIMARY KEY (sweep_id, place),
    CONSTRAINT cloud_sweep_unreadable_sweep_id_fkey
        FOREIGN KEY (sweep_id) REFERENCES cloud_sweeps (id) ON DELETE CASCADE
);
GRANT SELECT, INSERT ON cloud_sweep_unreadable TO inventory;
ALTER TABLE cloud_sweep_unreadable ENABLE ROW LEVEL SECURITY;

CREATE TABLE cloud_sync_claims (
    provider    text        NOT NULL,
    kind        text        NOT NULL,
    workflow_id text        NOT NULL,
    run_id      text        NOT NULL,
    claimed_at  timestamptz NOT NULL,
    CONSTRAINT cloud_sync_claims_pkey PRIMARY KEY (provider, kind)
);
GRANT SELECT, INSERT, UPDATE ON cloud_sync_claims TO inventory;
ALTER TABLE cloud_sync_claims ENABLE ROW LEVEL SECURITY;
"""

# See 0001: the setting is read once a statement, and the planner is not misled.
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""


def upgrade() -> None:
    op.execute(UNREADABLE)
    for table in ("cloud_sweep_unreadable", "cloud_sync_claims"):
        op.execute(f"CREATE POLICY visible ON {table} TO inventory USING ({OF_OPERATOR})")
