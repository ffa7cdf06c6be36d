"""Old sweeps are forgotten, and those that count are found by when they finished."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FORGETTING = """
CREATE INDEX cloud_sweeps_finished_idx ON cloud_sweeps (provider, kind, finished_at);
GRANT DELETE ON cloud_sweeps TO inventory;
"""


def upgrade() -> None:
    op.execute(FORGETTING)
