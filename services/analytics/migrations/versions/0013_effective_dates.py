"""A rate or a tax rule that sits inside another, which goes on after it; rows stay as history.

Until now a row only ever ended another one, so of the rows there are none is superseded, and
what they were set until is when they end.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = {
    "exchange_rates": "from_currency WITH =, to_currency WITH =",
    "tax_rules": "tax_region WITH =",
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
        op.execute(f"GRANT UPDATE (superseded_at) ON {table} TO analytics")
