"""A unit price that sits inside another, which goes on after it; rows stay as history.

Until now a row only ever ended another one, so of the rows there are none is superseded, and
what they were set until is when they end.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = {
    "resource_prices": "resource_kind WITH =, currency WITH =",
}


def upgrade() -> None:
    for table, same in TABLES.items():
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN set_until date, ADD COLUMN continues uuid,"
            " ADD COLUMN superseded_at timestamptz"
        )
        op.execute(f"UPDATE {table} SET set_until = effective_to WHERE effective_to IS NOT NULL")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_no_overlap")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_no_overlap EXCLUDE USING gist ({same},"
            " daterange(effective_from, effective_to) WITH &&) WHERE (superseded_at IS NULL)"
        )
