"""What a provision takes besides size and image, and why one without a price was forced."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPTIONS = """
ALTER TABLE provisions
    ADD COLUMN droplet_ssh_keys text[] NOT NULL DEFAULT '{}',
    ADD COLUMN droplet_vpc_uuid text NOT NULL DEFAULT '',
    ADD COLUMN force_reason text NOT NULL DEFAULT ''
"""

# A table of its own, because it may contain secrets: it is not in the audit log, and a row is
# deleted when its provision ends.
USER_DATA = """
CREATE TABLE provision_user_data (
    provision_id uuid NOT NULL,
    user_data    text NOT NULL,
    CONSTRAINT provision_user_data_pkey PRIMARY KEY (provision_id),
    CONSTRAINT provision_user_data_provision_id_fkey FOREIGN KEY (provision_id)
        REFERENCES provisions (id)
);
GRANT SELECT, INSERT, DELETE ON provision_user_data TO catalog;
ALTER TABLE provision_user_data ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON provision_user_data TO catalog USING (
    (SELECT current_setting('arcadia.scope', true)) = 'all');
"""


def upgrade() -> None:
    op.execute(OPTIONS)
    op.execute(USER_DATA)
