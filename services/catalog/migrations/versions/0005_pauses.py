"""Whose a pause is: a tenant lifts its own, and none that was imposed."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FLAG = "ALTER TABLE deployments ADD COLUMN paused_by_tenant boolean NOT NULL DEFAULT false"

# Of the pauses there are, those were imposed that durable work made: it has no other names.
OWN = """
UPDATE deployments AS d SET paused_by_tenant = true
WHERE d.state = 'paused' AND (
    SELECT e.actor NOT IN ('dunning', 'spend policy') FROM deployment_events AS e
    WHERE e.deployment_id = d.id AND e.to_state = 'paused' ORDER BY e.id DESC LIMIT 1)
"""


def upgrade() -> None:
    op.execute(FLAG)
    op.execute(OWN)
