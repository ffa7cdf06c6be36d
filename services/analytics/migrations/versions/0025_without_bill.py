"""A roll-up may bill tenants without the provider's bill that their rebilling rule waits for."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE rollups ADD COLUMN without_bill boolean NOT NULL DEFAULT false")
