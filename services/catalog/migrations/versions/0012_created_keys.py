"""Finds the keys that a key created, which are revoked with it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX api_keys_created_by_idx ON api_keys (created_by)")
