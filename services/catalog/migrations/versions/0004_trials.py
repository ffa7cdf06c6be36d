"""Trials by the day on which they are over: ended once a day, among however many deployments."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX deployments_trial_idx ON deployments (trial_ends_on, id)"
        " WHERE state = 'trial'"
    )
