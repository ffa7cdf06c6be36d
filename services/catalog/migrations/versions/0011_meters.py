"""Any meter may be sold: the meters are declared with the kinds, and the rules check them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("plan_items", "addons", "resource_prices", "subscription_addons")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_kind_check,"
            f" ADD CONSTRAINT {table}_kind_check CHECK (resource_kind ~ '^[a-z][a-z0-9_]{{0,62}}$')"
        )
