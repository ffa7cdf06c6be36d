"""Resources that a bill names for a time before their first sighting: their begin is unknown."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LIVES = """
CREATE TABLE known_lives (
    period        date        NOT NULL,
    pass_id       bigint      NOT NULL,
    resource_id   uuid        NOT NULL,
    lived_from    timestamptz NOT NULL,
    lived_to      timestamptz,
    begin_unknown boolean     NOT NULL,
    CONSTRAINT known_lives_pkey PRIMARY KEY (period, pass_id, resource_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON known_lives TO analytics;
ALTER TABLE known_lives ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON known_lives TO analytics USING (
    CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
);
"""

DIFFERENCES = """
ALTER TABLE reconciliation_differences
    DROP CONSTRAINT reconciliation_differences_type_check,
    ADD CONSTRAINT reconciliation_differences_type_check
        CHECK (difference_type IN
            ('ours_only', 'provider_only', 'amount', 'timing', 'begin_unknown'));
"""


def upgrade() -> None:
    op.execute(LIVES)
    op.execute(DIFFERENCES)
