"""A breach ends with its policy, and with its month: nobody is asked for ever."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATUSES = """
ALTER TABLE spend_breaches
    DROP CONSTRAINT spend_breaches_status_check,
    ADD CONSTRAINT spend_breaches_status_check CHECK (status IN
        ('open', 'notified', 'awaiting_approval', 'approved', 'refused', 'paused',
         'withdrawn', 'expired'))
"""

# Of policies that were deleted before; those of months that are over end at their next look.
WITHDRAWN = """
UPDATE spend_breaches AS b SET status = 'withdrawn', finished_at = p.deleted_at
FROM spend_policies AS p
WHERE p.id = b.policy_id AND p.deleted_at IS NOT NULL
  AND b.status IN ('open', 'awaiting_approval')
"""


def upgrade() -> None:
    op.execute(STATUSES)
    op.execute(WITHDRAWN)
