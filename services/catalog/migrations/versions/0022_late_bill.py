"""What rebilling rules on the provider's bill do while it is not there."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE rebilling_rules ADD COLUMN late_bill text,"
        " ADD CONSTRAINT rebilling_rules_late_bill_check"
        " CHECK (late_bill IN ('wait', 'next_month'))"
    )
