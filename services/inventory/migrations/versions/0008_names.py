"""Names to look up by, in columns of their own.

Behind row-level security an index serves only comparisons that can leak nothing. Equality of
texts is one; the functions that make a name comparable are not, so they run on writing.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAMES = """
DROP INDEX cloud_resources_name_idx;
DROP INDEX cloud_resource_events_former_name_idx;
ALTER TABLE cloud_resources
    ADD COLUMN name_key text GENERATED ALWAYS AS (lower(name)) STORED;
ALTER TABLE cloud_resource_events
    ADD COLUMN former_name_key text
        GENERATED ALWAYS AS (lower((changes -> 'name') ->> 'old')) STORED;
CREATE INDEX cloud_resources_name_idx ON cloud_resources (kind, name_key);
CREATE INDEX cloud_resource_events_former_name_idx
    ON cloud_resource_events (kind, former_name_key) WHERE former_name_key IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(NAMES)
