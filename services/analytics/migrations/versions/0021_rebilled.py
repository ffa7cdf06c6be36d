"""Accruals with the part that rebilling rules price.

A release that knows no such part still writes accruals without it.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE accruals ADD COLUMN rebilled_cents bigint NOT NULL DEFAULT 0,"
        " DROP CONSTRAINT accruals_sum_check, ADD CONSTRAINT accruals_sum_check CHECK"
        " (accrued_cents = recurring_cents + overage_cents + ad_hoc_cents + rebilled_cents)"
    )
